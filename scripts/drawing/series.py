"""What the figures show, as numbers: which lines, in which panels, between which limits. No plotting here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from experiments.cell import Cell
from experiments.record import Record
from experiments.schedule import drops_of
from scripts.drawing.end_scores import Strip
from scripts.reading.measure import Measure
from scripts.reading.names import optimizer_name, panel_title
from scripts.reading.ours import Slice, groups
from scripts.reading.public_record import Curve, PublicRecord
from scripts.reading.statistic import estimate
from scripts.tabulating.first_epochs import at
from scripts.tabulating.raw import key_of

LONG = 100  # epochs from which a run is long: the full scale's


@dataclass(frozen=True)
class Line:
    """Scores at `epochs` (0-based). kind: ours (a mean over seeds, with `sd`), seed (one of several), diverged (one
    seed, up to where it fell apart), official or rerun (single runs), reruns (a mean over one repository's runs, with
    `sd`)."""

    kind: str
    optimizer: str
    epochs: list[int]
    values: list[float]
    sd: list[float]


@dataclass
class Panel:
    title: str
    ylabel: str
    lines: list[Line]
    low: float
    high: float
    remark: str = ""
    drops: list[float] = field(default_factory=list)


@dataclass
class Figure:
    """`rows` of panels, below one of `strips` where there are any. `points` marks single epochs instead of drawing long
    curves."""

    name: str
    title: str
    caption: str
    rows: list[list[Panel]] = field(default_factory=list)
    points: bool = False
    strips: list[Strip] = field(default_factory=list)

    @property
    def kinds(self) -> list[str]:
        found = {line.kind for row in self.rows for panel in row for line in panel.lines}
        return [kind for kind in ("ours", "seed", "diverged", "official", "rerun", "reruns") if kind in found]


def curves_figure(name: str, title: str, caption: str, part: Slice, data: str, public: PublicRecord | None) -> Figure:
    """Models as columns, those without any curve left out; test scores above, train scores below. The public
    curves are drawn only where `public` is given."""
    figure = Figure(name, title, caption)
    columns = {model: cells for (d, model), cells in groups(part.cells).items() if d == data}
    for split in ("test", "train"):
        row: list[Panel] = []
        for model, cells in columns.items():  # AdaBelief, the first of them, is drawn last: on top
            if lines := [line for cell in reversed(cells) for line in cell_lines(part, cell, split, public)]:
                row.append(curve_panel(panel_title(data, model), split, cells, lines, part.measure))
        figure.rows.append(row)
    return figure


def curve_panel(title: str, split: str, cells: Sequence[Cell], lines: list[Line], measure: Measure) -> Panel:
    drawn = {line.optimizer for line in lines}
    missing = [optimizer_name(cell.optimizer) for cell in cells if cell.optimizer not in drawn]
    remark = f"no curve: {', '.join(missing)}" if missing else ""
    drops = [share * max(line.epochs[-1] + 1 for line in lines) for share in drops_of(cells[0].setting)]
    return Panel(title, f"{split} {measure.axis}", lines, *limits(lines, measure.better), remark, drops)


def cell_lines(part: Slice, cell: Cell, split: str, public: PublicRecord | None) -> list[Line]:
    """The reruns, the official curve and ours, in the order in which they are drawn over each other."""
    lines = []
    if public:
        lines += rerun_lines(public.joined(*key_of(cell)), cell, split)
        if official := public.official(*key_of(cell)):
            lines.append(single("official", cell, getattr(official, split)))
    for record in part.diverged(cell):
        lines += ours("diverged", cell, [record], split, range(len(record.metrics)), part.measure.name)
    complete = part.complete(cell)
    epochs = range(max((len(r.metrics) for r in complete), default=0))
    return lines + ours("ours", cell, complete, split, epochs, part.measure.name)


def single(kind: str, cell: Cell, values: Sequence[float]) -> Line:
    return Line(kind, cell.optimizer, list(range(len(values))), list(values), [0.0] * len(values))


def rerun_lines(runs: Sequence[Curve], cell: Cell, split: str) -> list[Line]:
    """A repository's only run of the cell as a line, several of them as a mean with its spread."""
    lines = []
    for repository in dict.fromkeys(run.repository for run in runs):
        curves = [getattr(run, split) for run in runs if run.repository == repository]
        if len(curves) == 1:
            lines.append(single("rerun", cell, curves[0]))
        else:
            mean, sd = np.mean(curves, axis=0).tolist(), np.std(curves, axis=0, ddof=1).tolist()
            lines.append(Line("reruns", cell.optimizer, list(range(len(mean))), mean, sd))
    return lines


def ours(kind: str, cell: Cell, records: list[Record], split: str, epochs: Iterable[int], measure: str) -> list[Line]:
    """One line of means over seeds, or none without values."""
    found = [(epoch, e) for epoch in epochs if (e := estimate(at(records, split, epoch, measure)))]
    if not found:
        return []
    sd = [e.sd or 0.0 for _, e in found]
    return [Line(kind, cell.optimizer, [epoch for epoch, _ in found], [e.mean for _, e in found], sd)]


def limits(lines: Sequence[Line], better: str = "max") -> tuple[float, float]:
    """Where to cut the y axis. Long runs fall off below in their first epochs, so that what happens around the drop of
    the rate can be seen; short runs lose a sixth of their epochs."""
    lasting = [line.values for line in lines if line.kind != "diverged" and len(line.values) > 3]
    if not lasting:
        return 0.0, 100.0
    if better == "min":
        low, high = limits([replace(line, values=[-v for v in line.values]) for line in lines], "negated")
        return -high, -low
    if max(map(len, lasting)) >= LONG:
        low = min(float(np.median(values[len(values) // 4 : 3 * len(values) // 4])) for values in lasting)
    else:
        low = min(min(values[max(1, len(values) // 6) :]) for values in lasting)
    top = max(max(values) for values in lasting)
    reach = max(top - low, 2.0)
    low, top = low - 0.05 * reach, top + 0.08 * reach
    return (max(0.0, low), min(100.0 + 0.03 * reach, top)) if better == "max" else (low, top)
