"""What a smaller scale's table does not hold yet, and how long it would take."""

from __future__ import annotations

from collections.abc import Iterable

from experiments.config.cell import Cell
from scripts.loading.display import data_name, network_name, optimizer_name
from scripts.loading.grid_results import GridResults
from scripts.loading.runs import present_request

ASKED = "on one thread of a quiet processor with AVX-512"


def missing_notes(part: GridResults) -> list[str]:
    """For each setting, data set and model: which cells nobody has run, and which have fewer seeds than another, with
    the hours by the scale's own `minutes`."""
    found: dict[tuple[str, str, str], list[Cell]] = {}
    for cell in part.cells:
        found.setdefault((cell.setting, cell.data, cell.model), []).append(cell)
    return [text for cells in found.values() for text in [*not_run(part, cells), *fewer_seeds(part, cells)]]


def not_run(part: GridResults, cells: list[Cell]) -> list[str]:
    """The cells without a finished run."""
    missing = [cell for cell in cells if not part.count_finished(cell)]
    if not missing:
        return []
    names = "all" if len(missing) == len(cells) else named(missing)
    return [f"Not run yet: {place(missing[0])}: {names}{hours(missing[0], len(missing), 'one run of each, ')}."]


def fewer_seeds(part: GridResults, cells: list[Cell]) -> list[str]:
    """The cells with fewer finished runs than another of the block."""
    runs = {cell: part.count_finished(cell) for cell in cells}
    most = max(runs.values())
    fewer = {cell: most - n for cell, n in runs.items() if 0 < n < most}
    if not fewer:
        return []
    total = sum(fewer.values())
    count = f"{total} {'run' if total == 1 else 'runs'}"
    return [f"Fewer than {most} seeds: {place(cells[0])}: {named(fewer)}: {count} to go{hours(cells[0], total)}."]


def place(cell: Cell) -> str:
    """Where cells belong: "VGG11 on CIFAR-10"."""
    return f"{network_name(cell.setting, cell.model)} on {data_name(cell.data)}"


def named(cells: Iterable[Cell]) -> str:
    """Cells by their optimizers."""
    return "; ".join(optimizer_name(cell.optimizer) for cell in cells)  # a name may hold a comma


def hours(cell: Cell, runs: int, what: str = "") -> str:
    """How long so many runs would take, if the scale says."""
    minutes = present_request(cell).config["scale"].get("minutes")
    return f", about {runs * minutes / 60:.1f} hours ({what}{ASKED})" if minutes else ""
