"""`first_epochs.*`: the full model and recipe, first epochs only, beside the same epochs of the public record."""

from __future__ import annotations

from math import inf
from typing import Any

from experiments.cell import Cell
from experiments.grid import Grid
from experiments.record import Record
from scripts.reading.names import data_name, model_name, optimizer_name
from scripts.reading.ours import Slice, groups, label, stale_notes
from scripts.reading.provenance import made_with, origin
from scripts.reading.public_record import Curve, PublicRecord
from scripts.reading.statistic import Estimate, estimate
from scripts.tabulating.layout import DASH, Block, Footnotes, Table, number, signed, spread
from scripts.tabulating.raw import entry, key_of, place, plain

SPLITS = ("train", "test")
COLUMNS = [
    "optimizer",
    "epoch",
    "n",
    *(f"{s} {w}" for s in SPLITS for w in ("ours", "official", "reruns", "ours - official")),
]
HEAD = [
    "{words} after epochs 0, 1, ... of the paper's 200-epoch schedule, and on the training split. train: {train}; "
    "test: the whole test split after the epoch. Ours: mean ± sd over n seeds. official: the "
    "authors' curve, a single run. reruns: independent runs of the same recipe, also unfinished ones (range of more "
    "than one).",
    "How far single runs scatter shows where there are several: our sd, the reruns' range.",
]


def first_epochs_table(grid: Grid, part: Slice, public: PublicRecord) -> Table:
    table = Table(grid.name, grid.title, [text.format(**vars(part.measure)) for text in HEAD])
    marks = Footnotes()
    for (data, model), cells in groups(part.cells).items():
        found = [(cell, epoch) for cell in cells for epoch in range(asked(grid, part, cell))]
        rows = [row(part, cell, epoch, public, marks) for cell, epoch in found]
        records = [record for cell in cells for record in part.records(cell)]
        notes = [f"{made_with(records)}."] if records else []
        notes += [*furthest(part, found, public), *stuck(grid, part, found)]
        table.blocks.append(Block(f"{model_name(model)} on {data_name(data)}", COLUMNS, rows, notes))
        table.values += [v for cell, epoch in found for v in values(part, cell, epoch, public)]
    table.notes = marks.notes() + stale_notes(part.evidence)
    done = sum(bool(part.records(cell)) for cell in part.cells)
    table.summary = f"first epochs: {done} of {len(part.cells)} cells begun"
    return table


def asked(grid: Grid, part: Slice, cell: Cell) -> int:
    """How many epochs the grid asks of a cell."""
    return max(stop or 0 for placed, stop in grid.placed(part.scale, part.protocol) if placed == cell)


def at(records: list[Record], split: str, epoch: int, measure: str) -> list[float]:
    """The scores of an epoch (0-based), of the records that reached it."""
    found = [line.get(f"{split}/{measure}") for r in records for line in r.metrics if line["epoch"] == epoch]
    return [value for value in found if value is not None]


def reruns_at(runs: list[Curve], split: str, epoch: int) -> list[float]:
    curves = [getattr(run, split) for run in runs if not run.deviates]
    return [curve[epoch] for curve in curves if epoch < len(curve)]


def official_at(cell: Cell, split: str, epoch: int, public: PublicRecord) -> float | None:
    curve = public.official(*key_of(cell))
    return getattr(curve, split)[epoch] if curve else None


def row(part: Slice, cell: Cell, epoch: int, public: PublicRecord, marks: Footnotes) -> list[str]:
    records = [r for r in part.records(cell) if at([r], "test", epoch, part.measure.name)]
    count = str(len(records)) if records else DASH
    if text := origin(records):
        count += f" [{marks.mark(text, text[0].upper() + text[1:] + '.')}]"
    texts = [optimizer_name(cell.optimizer), str(epoch), count]
    for split in SPLITS:
        ours, official = estimate(at(records, split, epoch, part.measure.name)), official_at(cell, split, epoch, public)
        reruns = reruns_at(public.reruns(*key_of(cell)), split, epoch)
        texts += [spread(ours), number(official), span(reruns), signed(minus(ours, official))]
    return texts


def span(values: list[float]) -> str:
    if not values:
        return DASH
    return number(values[0]) if len(values) == 1 else f"{number(min(values))}{DASH}{number(max(values))}"


def minus(ours: Estimate | None, other: float | None) -> float | None:
    return None if ours is None or other is None else ours.mean - other


def values(part: Slice, cell: Cell, epoch: int, public: PublicRecord) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for split in SPLITS:
        quantity = f"{split}/{part.measure.name}, epoch {epoch}"
        ours = estimate(at(part.records(cell), split, epoch, part.measure.name))
        official = official_at(cell, split, epoch, public)
        if ours:
            found.append(entry(cell, "ours", quantity, ours))
        if official is not None:
            found.append(plain(cell, "official curve", quantity, official))
        for run in public.reruns(*key_of(cell)):
            for value in reruns_at([run], split, epoch):
                found.append(plain(cell, "rerun", quantity, value, run.repository, "; ".join(run.remarks)))
        if (difference := minus(ours, official)) is not None:
            found.append({**place(cell), "kind": "difference", "quantity": f"{quantity}, ours - official",
                          "value": difference})  # fmt: skip
    return found


def stuck(grid: Grid, part: Slice, found: list[tuple[Cell, int]]) -> list[str]:
    """Cells of which some seeds, and not all, are no better than the grid's bound, with the last epoch where that is
    so: their mean is that of two kinds of runs."""
    notes: dict[Cell, str] = {}
    for cell, epoch in found:
        bound = grid.bound("at_least", cell, -inf)
        values = at(part.records(cell), "test", epoch, part.measure.name)
        others = [value for value in values if value > bound]
        if 0 < len(others) < len(values):
            notes[cell] = (
                f"{label(cell)}: {len(values) - len(others)} of {len(values)} seeds at chance ({bound:g}) at epoch "
                f"{epoch}; the other {len(others)}: {spread(estimate(others))}."
            )
    return list(notes.values())


def furthest(part: Slice, found: list[tuple[Cell, int]], public: PublicRecord) -> list[str]:
    """The test score that lies furthest outside the public runs' range at the last epoch asked for."""
    outside = []
    for cell, epoch in found:
        ours = estimate(at(part.records(cell), "test", epoch, part.measure.name))
        official = official_at(cell, "test", epoch, public)
        if ours is None or official is None or epoch != max(e for _, e in found):
            continue
        public_runs = [official, *reruns_at(public.reruns(*key_of(cell)), "test", epoch)]
        distance = max(min(public_runs) - ours.mean, ours.mean - max(public_runs), 0.0)
        outside.append((distance, label(cell), ours, span(public_runs), epoch))
    if not outside:
        return []
    distance, name, ours, known, epoch = max(outside, key=lambda o: o[0])
    if distance == 0:
        return [f"At epoch {epoch} every test score of ours lies within the public runs' range."]
    spread_ = f"our seeds' sd is {number(ours.sd)} (n = {ours.n})" if ours.sd is not None else "one seed of ours"
    return [f"Furthest outside the public runs at epoch {epoch}: {name}, {number(ours.mean)} against {known}, "
            f"{number(distance)} points outside; {spread_}."]  # fmt: skip
