"""The words that tables and figures take from the command line."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from experiments.config.errors import UserError, nearest
from experiments.grid.grid import Grid, grid_names, load_grid


def parser(module: str, description: str, out: str) -> argparse.ArgumentParser:
    """The arguments that `python -m module` takes; `out` is the folder that it writes to unless told otherwise."""
    made = argparse.ArgumentParser(prog=f"python -m {module}", description=description)
    made.add_argument("--grid", help=f"separated by commas, or none (default: {','.join(grid_names())})")
    made.add_argument(
        "--studies", action=argparse.BooleanOptionalAction, default=True, help="tuning studies and sweeps too"
    )
    made.add_argument("--scale", help="one scale only (default: every scale of a grid)")
    made.add_argument("--out", type=Path, default=Path(out), help="folder (default: %(default)s)")
    made.add_argument("--archive-only", action="store_true", help="read results/archive alone, not results/runs")
    return made


def asked_grids(call: argparse.Namespace) -> Iterator[tuple[Grid, Sequence[str]]]:
    """Each grid with the scales asked for; every grid of configs/grid unless some are named.

    Raises UserError for a grid that is not there and for a scale that none has."""
    named = grid_names() if call.grid is None else call.grid.split(",") if call.grid else ()
    grids = [load_grid(name) for name in named]
    scales = list(dict.fromkeys(scale for grid in grids for scale in grid.scales))
    if call.scale is not None and grids and call.scale not in scales:
        raise UserError(f"no scale {call.scale!r}{nearest(call.scale, scales)}; there are {', '.join(scales)}")
    for grid in grids:
        if call.scale is None or call.scale in grid.scales:
            yield grid, grid.scales if call.scale is None else [call.scale]
