"""Time all tables from a large store of made-up runs, cold and warm.

    python -m scripts.benchmarks.tables [--runs 10000] [--epochs 200] [--warm 3] [--out results/bench]

Writes tables.md and tables.csv. Seconds belong to the machine and to what else it does; the ratios are the result.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from experiments.config.cli import run_command
from experiments.config.composition import CACHE
from experiments.config.paths import ROOT
from experiments.runs import environment
from scripts.benchmarks.report import keep
from scripts.benchmarks.synthetic_store import write_store
from scripts.loading.content_cache import FILE

# A process that makes all tables with a cache of its own, then says what that took: its own and its children's.
MAKE_TABLES = """
import json, resource, sys, time
began = time.perf_counter()
from pathlib import Path
from experiments.config import composition
composition.CACHE = Path(sys.argv[1])
from scripts.tables.__main__ import main
main(["--no-show", "--out", sys.argv[2]])
found = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
print(json.dumps({"wall_seconds": time.perf_counter() - began,
                  "cpu_seconds": sum(use.ru_utime + use.ru_stime for use in found),
                  "peak_mib": max(use.ru_maxrss for use in found) / 1024}))
"""
WHAT = {
    "nothing": "nothing: a fresh clone",
    "configurations": "the cells' configurations, no run",
    "all": "everything: the second time",
}


def main() -> int:
    """Make the store in a temporary folder, time, and write what was found; returns the exit status."""
    call = arguments()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cells = write_store(folder / "store", call.runs, call.epochs)
        size = sum(path.stat().st_size for path in (folder / "store").rglob("*.*") if path.is_file())
        rows = timed(folder, call.warm)
    keep("tables", call, rows, lines_of(rows, call, cells, size))
    return 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m scripts.benchmarks.tables", description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--epochs", type=int, default=200)
    parser.add_argument("--warm", type=int, default=3, help="how often everything is known (default: %(default)s)")
    parser.add_argument("--out", type=Path, default=Path("results/bench"))
    return argparse.Namespace(**vars(parser.parse_args()), device="cpu")


def timed(folder: Path, warm: int) -> list[dict[str, Any]]:
    """What all tables take with nothing remembered, with the configurations only, and `warm` times with everything."""
    known = folder / "known"
    rows = [{"remembered": "nothing", **make_tables(folder, known)}]
    (known / FILE).unlink()
    rows.append({"remembered": "configurations", **make_tables(folder, known)})
    return rows + [{"remembered": "all", **make_tables(folder, known)} for _ in range(warm)]


def make_tables(folder: Path, cache: Path) -> dict[str, float]:
    """Make all tables of the store in `folder`, in a process of its own; seconds, and MiB at the most."""
    shutil.rmtree(folder / "tables", ignore_errors=True)
    told = {"PYTHONPATH": str(ROOT), "STORE": str(folder / "store")}
    done = subprocess.run(
        [sys.executable, "-c", MAKE_TABLES, str(cache), str(folder / "tables")],
        cwd=folder, env={**os.environ, **told}, check=True, capture_output=True, text=True,
    )  # fmt: skip
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def lines_of(rows: Sequence[dict[str, Any]], call: argparse.Namespace, cells: int, size: int) -> list[str]:
    """The report as lines of Markdown."""
    first = rows[0]["cpu_seconds"]
    lines = [
        "# Speed of all tables", "", f"{environment.processor()}; {len(os.sched_getaffinity(0))} cores", "",
        f"{call.runs:,} made-up runs of {call.epochs} epochs ({size / 2**20:,.0f} MiB) in {cells} cells, those of",
        "every grid at every scale under both protocols; all tables (`python -m scripts.tables`), in a process of its",
        f"own, its imports included. What is remembered lies in `{CACHE.relative_to(ROOT)}`. Ratio: of the processor's",
        "time to that of the first row. The machine may have done other work at the same time: processor seconds say",
        "more than those on the wall.", "",
        "| remembered | seconds on the wall | processor seconds | ratio | MiB at most |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]  # fmt: skip
    for row in rows:
        wall, cpu, peak = (row[name] for name in ("wall_seconds", "cpu_seconds", "peak_mib"))
        lines.append(f"| {WHAT[row['remembered']]} | {wall:.1f} | {cpu:.1f} | {cpu / first:.2f} | {peak:,.0f} |")
    return lines


if __name__ == "__main__":
    run_command(main)
