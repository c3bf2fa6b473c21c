"""A record made again and compared, epoch by epoch:  python -m experiments.rerun results/archive/<run>/seed=0 ...

The run is made from the record's own command with its thread count, in a store of its own (results/local/rerun), and
goes on there if it is stopped. On the same processor with the same versions its metrics are the same to the last digit.
Exit status: 0 the same, 2 not the same, 1 bad input.
"""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from experiments.config.cli import run_command
from experiments.config.compose import compose
from experiments.config.errors import UserError
from experiments.config.fingerprint import difference, fingerprint
from experiments.runs import environment
from experiments.runs.run import run
from experiments.store.run_files import Record, read_lines, read_record, run_path

STORE = "results/local/rerun"
AT_REST = ("complete", "diverged", "partial", "done")  # done: by another process meanwhile
DEPTH = 6  # folders from a store to a run


def main(arguments: Sequence[str]) -> int:
    arguments = [word for word in arguments if word]
    folders = [Path(word) for word in arguments if "=" not in Path(word).parts[0]]
    if not folders:
        raise UserError(
            "name a run's folder, as in results/archive/adabelief-cifar/cifar10/vgg11/adam/paper-small/seed=0"
        )
    overrides = [word for word in arguments if Path(word) not in folders]
    return max([rerun(read_finished(folder), overrides) for folder in folders])


def read_finished(folder: Path) -> Record:
    """The finished run in a folder. Raises UserError where there is none that can be made again alone."""
    folder = folder.resolve()
    record = read_record(folder.parents[DEPTH - 1], Path(*folder.parts[-DEPTH:])) if len(folder.parts) > DEPTH else None
    if record is None or record.summary is None:
        raise UserError(f"{folder} holds no finished run")
    if record.status == "pruned":
        raise UserError(f"{folder} was ended by a study ({record.summary['pruned_by']}), which alone can tell when")
    return record


def rerun(record: Record, overrides: Sequence[str]) -> int:
    """Make a run again and say whether its metrics are the same."""
    summary: dict[str, Any] = record.summary or {}
    command = [*shlex.split(summary["command"])[3:], f"store={STORE}", f"threads={summary['threads']}", *overrides]
    request = compose(command)
    if request.with_content(record.config["content"]).fingerprint != fingerprint(record.config):
        raise UserError(f"{record.folder}: {difference(record.config, request.config)}: check out {summary['commit']}")
    for name, then, now in what_differs(summary, environment.device_name(request.config["device"])):
        print(f"made with {name} {then}, here it is {now}: the digits may differ", flush=True)
    place = Path(STORE, run_path(request))
    if (earlier := read_record(Path(STORE), run_path(request))) and earlier.answers(request.epochs):
        shutil.rmtree(place)  # whoever asks again wants to know what the present code does
    status = run(request, f"{request.cell} seed {request.seed}, rerun")
    if status not in AT_REST:
        raise UserError(f"{place} is {status}, so there is nothing to compare yet; the same command goes on with it")
    made = read_lines(place / "metrics.jsonl")
    for before, after in zip(record.metrics, made):
        if before != after:
            print(f"{record.folder}: epoch {before['epoch']} differs: {first_difference(before, after)}")
            return 2
    if len(record.metrics) != len(made):
        print(f"{record.folder}: {len(record.metrics)} epochs then, {len(made)} now")
        return 2
    print(f"{record.folder}: all {len(made)} epochs are the same to the last digit")
    return 0


def what_differs(summary: dict[str, Any], device: str) -> list[tuple[str, str, str]]:
    """What was another when the record was made: (name, then, now)."""
    now = {"device": device, "processor": environment.processor(), **environment.versions()}
    then = {"device": summary["device"], "processor": summary["machine"], **summary["versions"]}
    return [(name, str(then.get(name)), now[name]) for name in now if then.get(name) != now[name]]


def first_difference(before: dict[str, Any], after: dict[str, Any]) -> str:
    name = next(key for key in [*before, *after] if before.get(key) != after.get(key))
    return f"{name} was {before.get(name)}, is {after.get(name)}"


if __name__ == "__main__":
    run_command(lambda: main(sys.argv[1:]))
