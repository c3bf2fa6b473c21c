"""`quick_<grid>.*` and `small_<grid>.*`: results of the smaller scales, in tables of their own.

The paper's values never stand beside them. At the small scale (the paper's data) the two *orders* of optimizers are
compared, and beside that how well an independent full-scale rerun agrees with the authors' order.
"""

from __future__ import annotations

from typing import Any

from experiments.cell import Cell
from experiments.grid import Grid
from scripts.reading.measure import measure_of
from scripts.reading.names import optimizer_name, panel_title
from scripts.reading.ours import Slice, groups, stale_notes
from scripts.reading.provenance import made_with
from scripts.reading.public_record import PublicRecord
from scripts.tabulating.failures import failures
from scripts.tabulating.full import our_cells, our_values
from scripts.tabulating.layout import DASH, Block, Footnotes, Table
from scripts.tabulating.missing import missing_notes
from scripts.tabulating.orders import CLEAR, Order, order_notes, read_order, shows
from scripts.tabulating.raw import place

OURS = ["final", "best", "last quarter", "n"]
EXPLAINED = (
    "{words}, mean ± sd over n seeds (without those that diverged): after the last epoch, at the best one (chosen on "
    "the test set), mean of the {last}."
)
LAST = {"full": "last ten epochs", "small": "last quarter of the epochs", "quick": "last quarter of the epochs"}
QUICK = (
    "{stand_in}, small networks or images, minutes: a check that the pipeline works. It tests no claim of "
    "the paper, and no number here is comparable with one of the paper's."
)
AS_AT_FULL_SCALE = "As at full scale: {material}; {smaller}"
SMALL = (
    f"{AS_AT_FULL_SCALE}. The values are not comparable with the paper's, so only the orders of the optimizers are "
    "compared."
)
RANKS = (
    "rank: by last-quarter mean, within data set and model, among the optimizers that have been run. authors' rank: "
    "the same for the last ten epochs of the official curves (of the figure's readings where there is no curve). "
    f"Pairs: those that the authors' runs separate by more than {CLEAR} points: {{scatter}}."
)
CLEAN = "Clean protocol: the best epoch is chosen on the validation split."


def quick_table(grid: Grid, parts: list[Slice]) -> Table:
    """Scores, and whether each cell passed the grid's threshold."""
    table = Table(f"quick_{grid.name}", f"{grid.title}: quick scale, not comparable with the paper", [])
    table.head = head(grid, "quick", QUICK, EXPLAINED)
    marks, ill = Footnotes(), 0
    for part in parts:
        for (data, model), cells in groups(part.cells).items():
            states = [standing(grid, part, cell) for cell in cells]
            ill += sum(state.startswith("not healthy") for state in states)
            rows = [[optimizer_name(c.optimizer), *our_cells(part, c, marks), s] for c, s in zip(cells, states)]
            reasons = [
                f"{optimizer_name(c.optimizer)} may fail: {why}." for c in cells if (why := grid.expected_failure(c))
            ]
            notes = made_notes(part, cells) + reasons
            table.blocks.append(Block(title(part, data, model), ["optimizer", *OURS, "standing"], rows, notes))
            table.values += [{**v, "note": s} for c, s in zip(cells, states) for v in our_values(part, c)]
        table.notes += stale_notes(part.evidence)
    table.notes = marks.notes() + table.notes
    table.summary = f"quick scale: {count(parts)}; {ill} cells not healthy"
    return table


def standing(grid: Grid, part: Slice, cell: Cell) -> str:
    """healthy, failed as expected (a note says why) or not healthy with what is wrong; a dash without runs."""
    records = part.finished(cell)
    if not records:
        return DASH
    wrong = [reason for record in records if (reason := grid.unhealthy(record))]
    if wrong and grid.expected_failure(cell):
        return "failed as expected"
    return f"not healthy: {'; '.join(dict.fromkeys(wrong))}" if wrong else "healthy"


def small_table(grid: Grid, parts: list[Slice], public: PublicRecord) -> Table:
    """Scores and ranks, the authors' ranks, and how far the two orders agree."""
    table = Table(f"small_{grid.name}", f"{grid.title}: small scale", [])
    table.head = head(grid, "small", SMALL, EXPLAINED, RANKS)
    marks, columns = Footnotes(), ["optimizer", "n", *OURS[:3], "rank", "authors' rank", "from"]
    for part in parts:
        for (data, model), cells in groups(part.cells).items():
            if not any(part.finished(cell) for cell in cells):
                continue
            order = read_order(part, cells, public)
            rows = [small_row(part, cell, order, marks) for cell in cells]
            notes = [*made_notes(part, cells), *failures(grid, part, cells)]
            notes += order_notes(order, part, public) + shows(order, part)
            table.blocks.append(Block(title(part, data, model), columns, rows, notes))
            table.values += [v for cell in cells for v in [*our_values(part, cell), *rank_values(cell, order)]]
        table.notes += stale_notes(part.evidence)
    table.notes = [*missing_notes(parts[0]), *marks.notes(), *table.notes]
    table.summary = f"small scale: {count(parts)}"
    return table


def small_row(part: Slice, cell: Cell, order: Order, marks: Footnotes) -> list[str]:
    final, best, last, n = our_cells(part, cell, marks)
    ours, theirs = order.rank.get(cell.optimizer), order.authors_rank.get(cell.optimizer)
    source = order.sources[cell.optimizer] if theirs else DASH
    return [optimizer_name(cell.optimizer), n, final, best, last, str(ours or DASH), str(theirs or DASH), source]


def rank_values(cell: Cell, order: Order) -> list[dict[str, Any]]:
    theirs = order.sources.get(cell.optimizer)
    pairs = (("ours", order.rank, "rank by last quarter"), (theirs, order.authors_rank, "rank by last 10"))
    return [
        {**place(cell), "kind": kind, "quantity": quantity, "value": ranks[cell.optimizer], "n": len(ranks)}
        for kind, ranks, quantity in pairs
        if cell.optimizer in ranks
    ]


def head(grid: Grid, scale: str, *texts: str) -> list[str]:
    """Texts with the words of the grid's measure and of the scale."""
    return [text.format(**vars(measure_of(grid)), last=LAST[scale]) for text in texts]


def title(part: Slice, data: str, model: str) -> str:
    return panel_title(data, model) + (", clean protocol" if part.protocol == "clean" else "")


def made_notes(part: Slice, cells: list[Cell]) -> list[str]:
    records = [record for cell in cells for record in part.finished(cell)]
    clean = [CLEAN] if part.protocol == "clean" else []
    return [f"{made_with(records)}.", *clean] if records else clean


def count(parts: list[Slice]) -> str:
    done = [len(part.finished(cell)) for part in parts for cell in part.cells]
    return f"{sum(done)} finished runs in {sum(map(bool, done))} of {len(done)} cells"
