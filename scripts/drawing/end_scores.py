"""Where runs end, as numbers: a strip of dots for each model. No plotting here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from experiments.cell import Cell
from scripts.reading.names import panel_title
from scripts.reading.ours import Slice, groups

CAPTION = (
    "Above: a dot for each seed (cross: one that diverged; arrow: a mean off the axis), a bar at their mean, a line at "
    "AdaBelief's."
)
FAR = 3  # times the distance between the quartiles: what is further below them is named beside the axis


@dataclass(frozen=True)
class Strip:
    """A score of each optimizer by seed, as dots on one axis; `below` names those that are too bad for it,
    `diverged` those of which a seed fell apart."""

    title: str
    xlabel: str
    values: dict[str, list[float]]
    low: float
    high: float
    below: list[str]
    diverged: list[str]
    better: int  # 1 where larger is better, or -1


def strips(part: Slice, data: str) -> list[Strip]:
    """One for each model that has runs."""
    models = {model: cells for (d, model), cells in groups(part.cells).items() if d == data}
    return [strip(part, model, cells) for model, cells in models.items() if any(map(part.finished, cells))]


def strip(part: Slice, model: str, cells: Sequence[Cell]) -> Strip:
    """Last means by seed. One rule that fails would press the others together, so the axis leaves it out."""
    title = panel_title(cells[0].data, model)
    diverged = [cell.optimizer for cell in cells if part.diverged(cell)]
    values = {c.optimizer: list(part.scores(c, "last").values()) for c in cells if part.finished(c)}
    signed = {name: part.measure.sign * float(np.mean(found)) for name, found in values.items() if found}
    if not signed:
        return Strip(title, "", values, 0.0, 1.0, [], diverged, part.measure.sign)
    lower, upper = np.percentile(list(signed.values()), (25, 75))
    below = [name for name, mean in signed.items() if mean < lower - FAR * max(upper - lower, 1.0)]
    shown = [value for name, found in values.items() if name not in below for value in found]
    margin = 0.06 * max(max(shown) - min(shown), 1.0)
    windows = {(r.summary or {})["scores"]["last_window"] for cell in cells for r in part.complete(cell)}
    label = f"test {part.measure.axis}, mean of the last {'/'.join(map(str, sorted(windows)))} epochs"
    return Strip(title, label, values, min(shown) - margin, max(shown) + margin, below, diverged, part.measure.sign)
