"""What a grid would take: runs, hours by the time of the first steps, disk, and the command.

    python -m experiments.plan table=imagenet [scale=full] [seeds=0,1] [optimizer=adam] ...

Takes the words that `experiments.reproduce` takes, `table` for its `grid`; without a scale it shows every scale.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from data.images import DataError
from experiments import machine
from experiments.call import Call, parse
from experiments.cli import guarded
from experiments.compose import Request, module_of
from experiments.errors import UserError
from experiments.grid import load_grid
from experiments.progress import clock, runs
from experiments.run import build
from experiments.standing import ARCHIVE, find
from experiments.throughput import EVALUATION, Pace, kind, pace

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
        say(parse([f"grid={name}", f"scale={scale}", *(f"{key}={value}" for key, value in given.items())]), given)
    return 0


def say(call: Call, given: dict[str, str]) -> None:
    """Print the plan of one scale."""
    requests = call.requests()
    store = Path(requests[0].config["store"])
    todo = [r for r in requests if not find(r, store)]
    archived = [r for r in todo if find(r, ARCHIVE)]
    print(
        f"\n{call.scale} scale: {runs(len(requests))}, {len(requests) - len(todo)} done here, {len(archived)} in the"
        f" archive{', left out' if call.skip_archived and archived else ''}"
    )
    todo = [r for r in todo if not (call.skip_archived and r in archived)]
    total, kinds = 0.0, {kind(r): r for r in todo}
    paces: list[Pace] = []
    for one, request in kinds.items():
        left = [r for r in todo if kind(r) == one]
        setting = f"{request.cell.setting}, " if len({r.cell.setting for r in requests}) > 1 else ""
        what = f"  {setting}{', '.join((request.cell.data, request.cell.model, *one[4:]))}: {runs(len(left))} to do"
        try:
            found, how = measured(request)
        except UserError as error:
            print(f"{what}, time unknown: {error}")
            continue
        seconds = sum(found.epoch * r.epochs for r in left)
        print(f"{what}, {long(found.epoch)} an epoch by {how}, {long(seconds)} in all")
        total += seconds
        paces.append(found)
    if paces:
        disk = max(found.checkpoint for found in paces) / 2**20
        records = sum(RECORD + LINE * r.epochs for r in todo) / 2**20
        print(f"  {long(total)} one run after the other on {machine.processor()}; JOBS=n runs n side by side")
        print(f"  disk: {disk:.0f} MiB for each run in flight, {records:.1f} MiB when all are done")
    print(f"  {command(call, requests[0].config['cell']['task'], given)}")


def measured(request: Request) -> tuple[Pace, str]:
    """The pace of a kind of run, and what it was measured on. Raises UserError where neither its data nor a stand-in is
    at hand."""
    device = machine.prepare(request.config, None)
    try:
        return pace(build(request, device), request.config["precision"]), "the time of the first steps"
    except UserError as error:
        module = module_of(request.config["data"]["_target_"])
        if not isinstance(error.__cause__, DataError) or not hasattr(module, "stand_in"):
            raise
    task = request.config["task"]
    batch = task["batch_size"] if device != "cpu" else min(PARTS, task["batch_size"])
    request = replace(request, config={**request.config, "task": {**task, "batch_size": batch}})
    noise = module.stand_in(request.config["data"]["pixels"], 8 * batch)
    found = pace(build(request, device, noise), request.config["precision"])
    epoch = found.step / batch * module.TRAIN * EVALUATION
    return Pace(found.step, epoch, found.checkpoint), "steps on noise (the data are not here; decoding is not in it)"


def long(seconds: float) -> str:
    """As `clock`, in days from two of them on."""
    return clock(seconds) if seconds < 2 * DAY else f"{seconds / DAY:.1f} days"


def command(call: Call, task: str, given: dict[str, str]) -> str:
    """The make command that carries the plan out."""
    variables = {"seeds": "SEEDS", "jobs": "JOBS"}
    words = [f"{variables[key]}={value}" for key, value in given.items() if key in variables]
    rest = [f"{key}={value}" for key, value in given.items() if key not in variables]
    words += [f'ARGS="{" ".join(rest)}"'] if rest else []
    target = TARGETS.get(task, task)
    grid = [] if call.grid.name == target else [f"GRID={call.grid.name}"]
    return " ".join([f"make reproduce-{target}", *grid, f"SCALE={call.scale}", *words])


if __name__ == "__main__":
    guarded(lambda: main(sys.argv[1:]))
