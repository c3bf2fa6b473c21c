"""The words that tables and figures take from the command line."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from experiments.grid import Grid, load_grid
from experiments.recipes import CONFIGS

GRIDS = (
    "cifar", "adabelief_eps", "first_epochs", "lstm", "ptb_figure", "adadiff_ptb", "lstm_first_epochs", "gan",
    "imagenet",
)  # fmt: skip


def parser(module: str, description: str, out: str) -> argparse.ArgumentParser:
    known = [name for name in GRIDS if (CONFIGS / "grid" / f"{name}.yaml").is_file()]
    made = argparse.ArgumentParser(prog=f"python -m {module}", description=description)
    made.add_argument("--grid", default=",".join(known), help="separated by commas, or none (default: %(default)s)")
    made.add_argument(
        "--studies", action=argparse.BooleanOptionalAction, default=True, help="tuning studies and sweeps too"
    )
    made.add_argument("--scale", help="one scale only (default: every scale of a grid)")
    made.add_argument("--out", type=Path, default=Path(out), help="folder (default: %(default)s)")
    made.add_argument("--archive-only", action="store_true", help="read results/archive alone, not results/runs")
    return made


def asked_grids(call: argparse.Namespace) -> Iterator[tuple[Grid, Sequence[str]]]:
    """Each grid with the scales asked for."""
    for name in call.grid.split(",") if call.grid else ():
        grid = load_grid(name)
        if call.scale in grid.scales:
            yield grid, [call.scale]
        elif call.scale is None or call.grid != ",".join(GRIDS):  # named, it is told what it does not have
            yield grid, [call.scale] if call.scale else grid.scales
