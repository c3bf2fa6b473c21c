"""A grid: the cells and seeds behind one table or figure, run, skipped, resumed and judged.

    python -m experiments.grid grid=cifar scale=quick seeds=0,1 jobs=2 model=vgg11 optimizer=adam,sgd optimizer.lr=0.01

grid, scale, protocol, seeds, jobs, on_failure (continue or stop), retries, skip_archived and max_seconds (of the whole
call) steer the grid; data, model and optimizer narrow it; every other word is a Hydra override for all of its runs.
Exit status: 0 done and healthy, 2 some runs failed or are not healthy, 1 bad input.
"""

from __future__ import annotations

import subprocess
import sys
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from omegaconf import OmegaConf

from experiments import machine
from experiments.cell import Cell
from experiments.claim import is_claimed
from experiments.cli import EXPECTED, guarded, nearest, sentence
from experiments.compose import Request, compose, words_of
from experiments.errors import UserError
from experiments.identity import fingerprint
from experiments.progress import clock
from experiments.recipes import CONFIGS
from experiments.record import Record, read_record
from experiments.run import note_failure, run, run_path
from experiments.throughput import seconds_left

ARCHIVE = Path("results/archive")
AXES = ("data", "model", "optimizer")
WAIT = 2.0  # seconds between looks at runs that another process holds


@dataclass(frozen=True)
class Grid:
    """A file of configs/grid/. A block is a product of its axes; an axis may differ by scale; `stop_after` asks for
    the first epochs only. An optimizer may carry overrides: "adabelief,eps=1e-16"."""

    name: str
    title: str
    setting: str
    blocks: list[dict[str, Any]]
    seeds: dict[str, list[int]]
    healthy: dict[str, Any]
    expected_failures: list[dict[str, Any]]

    @property
    def scales(self) -> list[str]:
        return list(self.seeds)

    def cells(self, scale: str, protocol: str = "paper") -> list[Cell]:
        """The grid's cells, in the order of its table."""
        return [cell for cell, _ in self.placed(scale, protocol)]

    def placed(self, scale: str, protocol: str = "paper") -> list[tuple[Cell, int | None]]:
        """Each cell with its block's `stop_after`."""
        if scale not in self.seeds:
            raise UserError(f"grid {self.name} has no scale {scale!r}; there are {', '.join(self.scales)}")
        return [
            (Cell(self.setting, data, model, optimizer, protocol, scale), block.get("stop_after"))
            for block in self.blocks
            for data in axis(block, "data", scale)
            for model in axis(block, "model", scale)
            for optimizer in axis(block, "optimizer", scale)
        ]

    def expected_failure(self, cell: Cell) -> str | None:
        """Why the cell is expected to miss the threshold, or None."""
        for entry in self.expected_failures:
            where = {key: value for key, value in entry.items() if key != "reason"}
            if all(getattr(cell, key) == value for key, value in where.items()):
                return entry["reason"]
        return None

    def unhealthy(self, record: Record) -> str | None:
        """What is wrong with a finished run that has to pass the grid's threshold, or None."""
        if record.status == "partial":
            return None
        if record.status == "diverged":
            return f"diverged in epoch {record.epochs_done - 1}"
        least, final = self.healthy["at_least"][record.cell.data], record.summary["scores"]["final"]  # type: ignore[index]
        return None if final is not None and final >= least else f"{self.healthy['metric']} {final:.1f} < {least}"


def axis(block: dict[str, Any], name: str, scale: str) -> list[str]:
    values = block[name]
    return values.get(scale, []) if isinstance(values, dict) else values


def load_grid(name: str) -> Grid:
    path = CONFIGS / "grid" / f"{name}.yaml"
    if not path.is_file():
        names = sorted(p.stem for p in path.parent.glob("*.yaml"))
        raise UserError(f"no grid called {name!r}{nearest(name, names)}; there are {', '.join(names)}")
    content: Any = OmegaConf.to_container(OmegaConf.load(path))
    return Grid(name=name, **content)


@dataclass(frozen=True)
class Call:
    """What a grid is asked for, from the command line."""

    grid: Grid
    scale: str
    protocol: str = "paper"
    seeds: tuple[int, ...] | None = None
    jobs: int | None = None
    on_failure: str = "continue"
    retries: int = 0
    skip_archived: bool = False
    max_seconds: float | None = None
    only: tuple[tuple[str, tuple[str, ...]], ...] = ()
    words: tuple[str, ...] = ()
    worker: bool = False

    def requests(self) -> list[Request]:
        """All runs, the first seed of every cell before the second of any."""
        only, requests = dict(self.only), []
        placed = self.grid.placed(self.scale, self.protocol)
        for name, values in only.items():
            known = list(dict.fromkeys(getattr(cell, name) for cell, _ in placed))
            for value in values:
                if value not in known:
                    raise UserError(f"grid {self.grid.name} has no {name} {value!r} at scale {self.scale}"
                                    f"{nearest(value, known)}; there are {', '.join(known)}")  # fmt: skip
        for seed in self.seeds if self.seeds is not None else self.grid.seeds[self.scale]:
            for cell, stop_after in placed:
                if all(getattr(cell, name) in values for name, values in only.items()):
                    stop = [f"stop_after={stop_after}"] if stop_after else []
                    requests.append(compose([*words_of(cell), f"seed={seed}", *stop, *self.words]))
        if not requests:
            raise UserError(f"grid {self.grid.name} has no such cells at scale {self.scale}")
        return requests


def parse(words: Sequence[str]) -> Call:
    given: dict[str, Any] = {}
    only, rest = [], []
    for word in words:
        key, equals, value = word.partition("=")
        if not equals:
            raise UserError(f"every word is key=value, got {word!r}")
        if key in AXES:
            only.append((key, tuple(value.split(","))))
        elif key in Call.__dataclass_fields__ and key not in ("only", "words"):
            given[key] = read(key, value)
        else:
            rest.append(word)
    grid = load_grid(given.pop("grid", "cifar"))
    scale = given.pop("scale", None) or default_scale(grid)
    return Call(grid=grid, scale=scale, only=tuple(only), words=tuple(rest), **given)


def default_scale(grid: Grid) -> str:
    """Full where there is a GPU, else the smallest; says which."""
    gpu = torch.cuda.is_available()
    scale = "full" if gpu or "quick" not in grid.scales else "quick"
    other = "quick" if scale == "full" else "full"
    if other in grid.scales:
        print(f"{'CUDA found' if gpu else 'no CUDA'}: {scale} scale; SCALE={other} (scale={other}) forces the other")
    return scale


def read(key: str, value: str) -> Any:
    """A word's value in its type. Raises UserError where it has another."""
    try:
        if key == "seeds":
            return tuple(int(v) for v in value.split(","))
        if key in ("jobs", "retries"):
            return int(value)
        if key in ("skip_archived", "worker"):
            return bool(int(value))
        if key == "max_seconds":
            return float(value)
    except ValueError:
        raise UserError(f"{key} takes numbers, got {value!r}") from None
    if key == "on_failure" and value not in ("continue", "stop"):
        raise UserError(f"on_failure is continue or stop, got {value!r}")
    return value


def find(request: Request, *roots: Path) -> Record | None:
    """The run that answers a request as it now stands, in the first root that has it."""
    for root in roots:
        record = read_record(root, run_path(request))
        if record and record.answers(request.epochs) and same(record, request):
            return record
    return None


def same(record: Record, request: Request) -> bool:
    """Whether a record was made with the request's configuration (on whatever copy of the data it found)."""
    return fingerprint(record.config) == request.with_content(record.config["content"]).fingerprint


def standing(request: Request, store: Path) -> str:
    """One word: done, running, failed, partial (begun), stale (made with another configuration) or missing."""
    if find(request, store):
        return "done"
    if is_claimed(store, run_path(request)):
        return "running"
    folder = store / run_path(request)
    if (folder / "failure.txt").is_file():
        return "failed"
    record = read_record(store, run_path(request))
    if record is None:
        return "missing"
    return "partial" if same(record, request) else "stale"


def main(words: Sequence[str]) -> int:
    call = parse(words)
    requests = call.requests()
    store = Path(requests[0].config["store"])
    todo = [r for r in requests if not find(r, store)]
    if call.worker:
        return work(call, todo)
    archived = [r for r in todo if find(r, ARCHIVE)] if call.skip_archived else []
    todo = [r for r in todo if r not in archived]
    jobs = min(call.jobs or default_jobs(call.scale), max(1, len(todo)))
    say_plan(call, requests, todo, archived, jobs)
    status = share([*words, f"scale={call.scale}"], jobs) if jobs > 1 else work(call, todo)
    return max(status, report(call, [r for r in requests if r not in archived], store))


def default_jobs(scale: str) -> int:
    """Small models run fastest side by side with one thread each; full ones take the machine, or the GPU, in turn."""
    return 1 if scale == "full" or torch.cuda.is_available() else machine.cores()


def say_plan(call: Call, requests: list[Request], todo: list[Request], archived: list[Request], jobs: int) -> None:
    done = len(requests) - len(todo) - len(archived)
    skipped = f", {len(archived)} archived ones left out" if archived else ""
    print(f"{call.grid.title}, {call.scale} scale: {len(requests)} runs, {done} already done{skipped}", flush=True)
    if todo:
        threads = max(1, machine.cores() // jobs)
        estimate = seconds_left(todo, threads) / jobs
        side = f", {jobs} side by side" if jobs > 1 else ""
        print(f"{len(todo)} to do{side}, about {clock(estimate)} by the time of the first steps", flush=True)


def work(call: Call, todo: list[Request]) -> int:
    """Take the runs up one after the other; those that another process holds are looked at again. Returns 2 after a
    failure that stops."""
    began, number = time.monotonic(), {id(r): f"[{n}/{len(todo)}]" for n, r in enumerate(todo, 1)}
    waiting = todo
    while waiting:
        busy = []
        for request in waiting:
            left = None if call.max_seconds is None else call.max_seconds - (time.monotonic() - began)
            if left is not None and left <= 0:
                print(f"time is up; {len(waiting)} runs are left for the next call")
                return 0
            label = f"{number[id(request)]} {request.cell} seed {request.seed}"
            status = attempt(request, label, left, call.retries)
            say_result(request, label, status)
            if status == "failed" and call.on_failure == "stop":
                return 2
            if status == "busy":
                busy.append(request)
        if len(busy) == len(waiting):
            time.sleep(WAIT)
        waiting = busy
    return 0


def say_result(request: Request, label: str, status: str) -> None:
    record = find(request, Path(request.config["store"]))
    if status in ("done", "busy", "failed") or not record or not record.summary:
        return
    scores, seconds = record.summary["scores"], clock(record.summary["wall_seconds"])
    print(f"{label}: {status}, {scores['metric']} {scores['final']:.2f}, {seconds}", flush=True)


def attempt(request: Request, label: str, max_seconds: float | None, retries: int) -> str:
    """Run a request; an exception is reported and left in the run's folder, and tried again `retries` times."""
    request = replace(request, config={**request.config, "max_seconds": max_seconds})
    for _ in range(retries + 1):
        try:
            return run(request, label)
        except EXPECTED as error:
            print(f"{label}: {sentence(error)}", file=sys.stderr)
        except Exception as error:
            note_failure(request, traceback.format_exc())
            print(f"{label}: failed: {type(error).__name__}: {error}", file=sys.stderr)
    return "failed"


def share(words: Sequence[str], jobs: int) -> int:
    """Run the grid in `jobs` processes that claim runs from each other; a killed one's run is taken up by the rest."""
    quiet = [] if any(w.startswith("progress=") for w in words) else ["progress=lines"]
    threads = [] if any(w.startswith("threads=") for w in words) else [f"threads={max(1, machine.cores() // jobs)}"]
    command = [sys.executable, "-m", "experiments.grid", *words, *threads, *quiet, "worker=1"]
    workers = [subprocess.Popen(command) for _ in range(jobs)]
    try:
        return max(worker.wait() for worker in workers)
    finally:
        for worker in workers:
            worker.terminate()


def report(call: Call, requests: list[Request], store: Path) -> int:
    """Say what is not done and what is not healthy; returns the exit status."""
    missing = [r for r in requests if not find(r, store)]
    records = [record for r in requests if (record := find(r, store))]
    sick = [(r, why) for r in records if (why := call.grid.unhealthy(r)) and not call.grid.expected_failure(r.cell)]
    for record in records:
        if (why := call.grid.unhealthy(record)) and (reason := call.grid.expected_failure(record.cell)):
            print(f"expected failure: {record.cell} seed {record.seed}: {why} ({reason})")
    for request in missing:
        print(f"not done: {request.cell} seed {request.seed} ({standing(request, store)})", file=sys.stderr)
    for record, why in sick:
        print(f"not healthy: {record.cell} seed {record.seed}: {why}", file=sys.stderr)
    print(f"{len(records)} of {len(requests)} runs done")
    timed_out = call.max_seconds is not None and not any(standing(r, store) == "failed" for r in missing)
    return 2 if sick or (missing and not timed_out) else 0


if __name__ == "__main__":
    guarded(lambda: main(sys.argv[1:]))
