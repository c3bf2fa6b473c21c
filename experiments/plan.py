"""What a grid would take: runs, hours by the time of the first steps, disk, and the command.

    python -m experiments.plan table=imagenet [scale=full] [seeds=0,1] [optimizer=adam] ...

Takes the words that `experiments.reproduce` takes, `table` for its `grid`; without a scale it shows every scale.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from data.errors import DataError
from experiments.config.cli import run_command
from experiments.config.compose import Request
from experiments.config.errors import UserError
from experiments.config.paths import ARCHIVE
from experiments.config.revisions import imported
from experiments.config.wording import count_of, duration
from experiments.grid.grid import load_grid
from experiments.grid.grid_options import GridOptions, parse_grid_options, run_kind
from experiments.runs import environment
from experiments.runs.run import build_task
from experiments.store.status import finished_record
from experiments.workers.time_estimate import EVALUATION, Pace, measure_pace, pace_options

PARTS = 16  # images of a step on the CPU where noise stands in: an ImageNet batch would take a minute
DAY = 24 * 3600
TARGETS = {"classification": "cifar", "language_model": "lstm", "wgan": "gan", "wgan-gp": "gan", "sngan": "gan"}
RECORD, LINE = 6_000, 220  # bytes of a finished run and of each of its epochs, as in results/archive


def main(words: Sequence[str]) -> int:
    given = dict(word.partition("=")[::2] for word in words)
    names = [given.pop(key) for key in ("table", "grid") if key in given]
    if len(set(names)) > 1:
        raise UserError(f"table= and grid= name the same thing, got {' and '.join(names)}")
    name = names[0] if names else None
    if name is None:
        raise UserError("name a grid, as in table=imagenet")
    scales = [given.pop("scale")] if "scale" in given else load_grid(name).scales
    print(load_grid(name).title)
    for scale in scales:
        print_plan(
            parse_grid_options([f"grid={name}", f"scale={scale}", *(f"{key}={value}" for key, value in given.items())]),
            given,
        )
    return 0


def print_plan(options: GridOptions, given: dict[str, str]) -> None:
    """Print the plan of one scale."""
    requests = options.requests()
    store = Path(requests[0].config["store"])
    todo = [r for r in requests if not finished_record(r, store)]
    archived = [r for r in todo if finished_record(r, ARCHIVE)]
    print(
        f"\n{options.scale} scale: {count_of(len(requests), 'run')}, {len(requests) - len(todo)} done here, "
        f"{len(archived)} in the archive{', left out' if options.skip_archived and archived else ''}"
    )
    todo = [r for r in todo if not (options.skip_archived and r in archived)]
    total, kinds = 0.0, {run_kind(r): r for r in todo}
    paces: list[Pace] = []
    for one, request in kinds.items():
        left = [r for r in todo if run_kind(r) == one]
        setting = f"{request.cell.setting}, " if len({r.cell.setting for r in requests}) > 1 else ""
        kind = ", ".join((request.cell.data, request.cell.model, *one[4:]))
        what = f"  {setting}{kind}: {count_of(len(left), 'run')} to do"
        try:
            found, how = measured_pace(request)
        except UserError as error:
            print(f"{what}, time unknown: {error}")
            continue
        seconds = sum(found.seconds_per_epoch * r.epochs for r in left)
        print(f"{what}, {long_duration(found.seconds_per_epoch)} an epoch by {how}, {long_duration(seconds)} in all")
        total += seconds
        paces.append(found)
    if paces:
        disk = max(found.checkpoint_bytes for found in paces) / 2**20
        records = sum(RECORD + LINE * r.epochs for r in todo) / 2**20
        print(
            f"  {long_duration(total)} one run after the other on {environment.processor()}; JOBS=n runs n side by side"
        )
        print(f"  disk: {disk:.0f} MiB for each run in flight, {records:.1f} MiB when all are done")
    print(f"  {make_command(options, requests[0].config['cell']['task'], given)}")


def measured_pace(request: Request) -> tuple[Pace, str]:
    """The pace of a kind of run, and what it was measured on. Raises UserError where neither its data nor a stand-in is
    at hand."""
    device = environment.prepare(request.config, None)
    try:
        return measure_pace(build_task(request, device), *pace_options(request)), "the time of the first steps"
    except UserError as error:
        module = imported(request.config["data"]["_target_"])
        if not isinstance(error.__cause__, DataError) or not hasattr(module, "stand_in"):
            raise
    task = request.config["task"]
    batch = task["batch_size"] if device != "cpu" else min(PARTS, task["batch_size"])
    request = replace(request, config={**request.config, "task": {**task, "batch_size": batch}})
    noise = module.stand_in(request.config["data"]["pixels"], 8 * batch)
    found = measure_pace(build_task(request, device, noise), *pace_options(request))
    epoch = found.seconds_per_step / batch * module.TRAIN * EVALUATION
    return Pace(
        found.seconds_per_step, epoch, found.checkpoint_bytes
    ), "steps on noise (the data are not here; decoding is not in it)"


def long_duration(seconds: float) -> str:
    """As `duration`, in days from two of them on."""
    return duration(seconds) if seconds < 2 * DAY else f"{seconds / DAY:.1f} days"


def make_command(options: GridOptions, task: str, given: dict[str, str]) -> str:
    """The make command that carries the plan out."""
    variables = {"seeds": "SEEDS", "jobs": "JOBS"}
    words = [f"{variables[key]}={value}" for key, value in given.items() if key in variables]
    rest = [f"{key}={value}" for key, value in given.items() if key not in variables]
    words += [f'ARGS="{" ".join(rest)}"'] if rest else []
    target = TARGETS.get(task, task)
    grid = [] if options.grid.name == target else [f"GRID={options.grid.name}"]
    return " ".join([f"make reproduce-{target}", *grid, f"SCALE={options.scale}", *words])


if __name__ == "__main__":
    run_command(lambda: main(sys.argv[1:]))
