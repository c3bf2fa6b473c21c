"""What a smaller scale's table does not hold yet, and how long it would take."""

from __future__ import annotations

from experiments.cell import Cell
from experiments.compose import expected
from scripts.reading.names import SETTINGS, data_name, model_name, optimizer_name
from scripts.reading.ours import Slice

ASKED = "one run of each, on one thread of a quiet processor with AVX-512"


def missing_notes(part: Slice) -> list[str]:
    """One line for each setting, data set and model with cells that nobody has run: which, and the hours by the scale's
    own `minutes`."""
    found: dict[tuple[str, str, str], list[Cell]] = {}
    for cell in part.cells:
        found.setdefault((cell.setting, cell.data, cell.model), []).append(cell)
    return [note(missing, cells) for cells in found.values() if (missing := [c for c in cells if not part.records(c)])]


def note(missing: list[Cell], cells: list[Cell]) -> str:
    one = missing[0]
    names = "all" if len(missing) == len(cells) else ", ".join(optimizer_name(cell.optimizer) for cell in missing)
    minutes = expected(one).config["scale"].get("minutes")
    time = f", about {len(missing) * minutes / 60:.1f} hours ({ASKED})" if minutes else ""
    what = SETTINGS.get(one.setting) or model_name(one.model)
    return f"Not run yet: {what} on {data_name(one.data)}: {names}{time}."
