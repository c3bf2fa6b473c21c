"""What stands of a grid:  python -m scripts.status [grid=cifar] [scale=quick] [seeds=0,1] [model=vgg11] ...

Without a grid it shows every grid and scale that has runs. Takes the words that `experiments.reproduce` takes.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from experiments.config.cli import run_command
from experiments.config.compose import Request, compose
from experiments.config.errors import UserError
from experiments.config.fingerprint import difference
from experiments.config.paths import ARCHIVE, CONFIGS
from experiments.config.wording import duration
from experiments.grid.grid import load_grid
from experiments.grid.grid_options import GridOptions, parse_grid_options, run_kind
from experiments.store.run_files import read_lines, read_record, run_path
from experiments.store.status import finished_record, is_same_run, run_status
from experiments.studies.trials import StudyTrials, read_studies

STATES = ("done", "archived", "running", "partial", "unscored", "failed", "stale", "missing")


def main(words: Sequence[str]) -> int:
    console = Console(highlight=False, soft_wrap=True)
    one = any(word.startswith("grid=") for word in words)
    shown = [show(console, words)] if one else [*show_begun(console, words), *show_studies(console, words)]
    if not any(shown):
        print("no runs yet; `make reproduce-cifar` makes the first")
    return 0


def show_begun(console: Console, words: Sequence[str]) -> list[bool]:
    """Show every grid and scale that has the cells asked for and has begun."""
    rest = [w for w in words if not w.startswith("scale=")]
    shown, foreign = [], []
    for name in sorted(path.stem for path in (CONFIGS / "grid").glob("*.yaml")):
        for scale in load_grid(name).scales:
            if len(rest) == len(words) or f"scale={scale}" in words:
                try:
                    shown.append(show(console, [f"grid={name}", f"scale={scale}", *rest], only_begun=True))
                except UserError as error:  # another grid's model, say
                    foreign.append(error)
    if foreign and not shown:
        raise foreign[0]
    return shown


def show_studies(console: Console, words: Sequence[str]) -> list[bool]:
    """Print how far each tuning study of the live store is; nothing where the words narrow the view."""
    store = Path(compose([]).config["store"])
    studies = [] if words else read_studies([store])
    for study in studies:
        states = Counter(trial.outcome.status for trial in StudyTrials(study, [store]).drawn_trials() if trial.outcome)
        counts = ", ".join(f"{count} {state}" for state, count in sorted(states.items())) or "none begun"
        place = f"{study.data}/{study.model}/{study.optimizer} ({study.protocol}, {study.scale}, {study.sampler})"
        console.print(f"study {place}: {sum(states.values())} of {study.n_trials} trials finished: {counts}")
    return [True for _ in studies]


def show(console: Console, words: Sequence[str], only_begun: bool = False) -> bool:
    """Print a grid's counts by model and data, and what is running or failed; False if nothing has begun."""
    options = parse_grid_options(words)
    if only_begun and not options.overrides and not has_folders(options):
        return False
    requests = options.requests()
    store = Path(requests[0].config["store"])
    states = {id(r): state_of(r, store) for r in requests}
    if only_begun and set(states.values()) == {"missing"}:
        return False
    shown = [state for state in STATES if state in ("done", "missing", *states.values())]  # 80 columns hold no more
    table = Table(title=f"{options.grid.title}, {options.scale} scale", title_justify="left", box=None, pad_edge=False)
    axes = ["data", "model"] if len({r.cell.setting for r in requests}) == 1 else ["setting", "data"]
    for column in (*axes, *shown):
        table.add_column(column, justify="left" if column in axes else "right", no_wrap=True)
    for place in dict.fromkeys(tuple(getattr(r.cell, axis) for axis in axes) for r in requests):
        counts = Counter(states[id(r)] for r in requests if tuple(getattr(r.cell, axis) for axis in axes) == place)
        table.add_row(*place, *(str(counts[state] or "-") for state in shown))
    console.print(table)
    for request in requests:
        if states[id(request)] in ("running", "failed", "partial", "unscored", "stale"):
            console.print(f"{states[id(request)]}: {request.cell} seed {request.seed}{detail(request, store)}")
    if left := seconds_left(requests, states, store):
        console.print(f"time left, one run after the other, from the epochs timed so far: {duration(left)}")
    return True


def has_folders(options: GridOptions) -> bool:
    """Whether any of a call's cells, as the grid has them, has a folder. Composing them all would take seconds."""
    roots = (Path(compose([]).config["store"]), ARCHIVE)
    return any((root / cell.folder).is_dir() for cell, _ in options.places() for root in roots)


def state_of(request: Request, store: Path) -> str:
    state = run_status(request, store)
    return "archived" if state != "done" and state != "running" and finished_record(request, ARCHIVE) else state


def detail(request: Request, store: Path) -> str:
    folder = store / run_path(request)
    if (failure := folder / "failure.txt").is_file():
        return f": {failure.read_text().strip().splitlines()[-1]}"
    if (record := read_record(store, run_path(request))) and not is_same_run(record, request):
        return f": {difference(record.config, request.config)}"
    times = read_lines(folder / "times.jsonl")
    done = f", epoch {len(times)} of {request.epochs} done"
    if not times:
        return done
    left = sum(line["seconds"] for line in times) / len(times) * (request.epochs - len(times))
    return f"{done}, {duration(left)} left"


def seconds_left(requests: Sequence[Request], states: dict[int, str], store: Path) -> float:
    """Remaining epochs times the mean seconds of an epoch of the same kind of run; 0 where none was timed."""
    timed: dict[tuple[str, ...], list[float]] = {}
    done: dict[int, int] = {}
    for request in requests:
        times = read_lines(store / run_path(request) / "times.jsonl")
        done[id(request)] = 0 if states[id(request)] == "stale" else len(times)
        timed.setdefault(run_kind(request), []).extend(line["seconds"] for line in times)
    total = 0.0
    for request in requests:
        seconds = timed[run_kind(request)]
        if states[id(request)] not in ("done", "archived") and seconds:
            total += sum(seconds) / len(seconds) * (request.epochs - done[id(request)])
    return total


if __name__ == "__main__":
    run_command(lambda: main(sys.argv[1:]))
