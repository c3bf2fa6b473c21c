"""`cifar10.*`, `ptb.*`, ...: our full-scale runs beside the paper's figure, the official curves and the reruns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from experiments.cell import Cell
from experiments.grid import Grid
from scripts.reading.names import data_name, model_name, optimizer_name, optimizers
from scripts.reading.ours import SCORES, Slice, groups, partial_note, stale_notes
from scripts.reading.provenance import origin
from scripts.reading.public_record import SCOPES, PublicRecord
from scripts.reading.statistic import Estimate, estimate, paired
from scripts.tabulating.layout import DASH, Block, Footnotes, Table, interval, signed, spread, without_empty
from scripts.tabulating.public_columns import COLUMNS as PUBLIC
from scripts.tabulating.public_columns import apart_notes, apart_rows, public_cells
from scripts.tabulating.raw import entry, key_of, place, plain

OURS = ["ours final", "ours best", "ours last 10", "n"]
OFFICIAL = "ours - official"
COLUMNS = ["optimizer", *OURS, *PUBLIC, OFFICIAL, "ours - AdaBelief"]
CLEAN = ["optimizer", *OURS, "ours - AdaBelief"]
HEAD = [
    "{words}: after the last epoch (final), at its best epoch (best), mean of the last ten epochs "
    "(last 10). Ours: mean ± sd over n seeds.{public} A dash: nothing published, or not run yet.",
    "{difference}ours - AdaBelief: last-10 difference paired by seed, with its 95 % interval (t) from two seeds on.",
]
EXPLAINED = {
    "figure": " figure: read off the paper's {figure}, a mean over the authors' runs at about epochs 195-199, ± the "
    "error of the reading.",
    "official last 10": " official: the authors' published curve, a single run.",
    "reruns last 10": " reruns: independent runs with the same recipe and schedule, mean (n, range) or mean ± sd (n) "
    "of their last-10 values.",
}
DIFFERENCE = (
    "ours - official: difference of the last-10 values; (fig.) where it is taken from the figure for want of a curve. "
)
PAPER_BEST = "Under this protocol the best epoch is chosen on the test set, as the authors did."
CLEAN_BEST = (
    "Clean protocol: the best epoch is chosen on the validation split; not comparable with the published numbers, "
    "which stand above."
)


NOTES = {
    "adabelief-ptb": [
        "Recipes and schedule of the official curves (drops after epochs 100 and 145). The figure is of other runs: "
        "drops after 75 and 150 and, as its values suggest, AdamW and RAdam at rate 1e-3 with two and three layers. "
        "The official runs' recurrent matrices never received a gradient, nor do ours under this protocol. Sequence "
        "lengths come from the official generator (seed 141) whatever the run's seed; the five-seed reruns varied them."
    ],
    "adabelief-ptb-figure": [
        "Schedule and rates of the figure, as far as they can be told: drops after epochs 75 and 150, AdamW and RAdam "
        "at rate 1e-3 throughout. Every published curve drops at 100 and 145 (ptb.md has them), so none stands here."
    ],
    "adadiff-ptb": [
        "Recipes and schedule of AdaDiff's runs (drops after epochs 100 and 145). reruns: the three runs a cell of "
        "AdaDiff's own authors. They share one seed and so differ by the GPU's noise only. Nobody else ran AdaDiff; "
        "other runs of the three rivals stand in ptb.md."
    ],
}


def full_table(grid: Grid, data: str, paper: Slice, clean: Slice, public: PublicRecord) -> Table:
    """The table of one data set, one block per model; clean runs follow in blocks of their own."""
    name = grid.table.format(data=data)
    title = f"{data_name(data)}: {optimizers(paper.cells)}" if name == data else grid.title
    table = Table(name, f"{title}, full scale")
    marks = Footnotes()
    for (_, model), cells in only(paper, data):
        rows = []
        for cell in cells:
            texts, values = public_cells(cell, public, marks)
            ours = our_cells(paper, cell, marks)
            difference, value = to_official(paper, cell, public)
            rows.append([optimizer_name(cell.optimizer), *ours, *texts, difference, lead(paper, cell)])
            table.values += [*our_values(paper, cell), *values, *value]
        rows += apart_rows(cells, public, marks, len(COLUMNS)) if paper.measure.better == "min" else []
        block = Block(model_name(model), COLUMNS, rows)
        compared = any(public.paper_last(*key_of(cell)) for cell in cells)
        optional = [*PUBLIC, *([] if compared else [OFFICIAL])]
        table.blocks.append(without_empty(block, optional) if grid.setting in SCOPES else block)
    table.head = [*explained(table, paper), *NOTES.get(grid.setting, []), PAPER_BEST]
    for (_, model), cells in only(clean, data):
        if any(clean.finished(cell) for cell in cells):
            rows = [[optimizer_name(c.optimizer), *our_cells(clean, c, marks), lead(clean, c)] for c in cells]
            table.blocks.append(Block(f"{model_name(model)}, clean protocol", CLEAN, rows, [CLEAN_BEST]))
            table.values += [value for cell in cells for value in our_values(clean, cell)]
    table.notes = [*marks.notes(), *apart_notes(paper, data, public)]
    for part in (paper, clean):
        table.notes += [*partial_note(part, data), *stale_notes(part.evidence, data)]
    table.summary = summary(data, paper, clean, public)
    return table


def explained(table: Table, part: Slice) -> list[str]:
    """What the table's columns hold."""
    columns = {name for block in table.blocks for name in block.columns}
    public = "".join(text for name, text in EXPLAINED.items() if name in columns).format(**vars(part.measure))
    difference = DIFFERENCE if OFFICIAL in columns else ""
    return [text.format(**vars(part.measure), public=public, difference=difference) for text in HEAD]


def only(part: Slice, data: str) -> list[tuple[tuple[str, str], list[Cell]]]:
    return [(key, cells) for key, cells in groups(part.cells).items() if key[0] == data]


def our_cells(part: Slice, cell: Cell, marks: Footnotes) -> list[str]:
    """Final, best, last and n; diverged runs are named as such."""
    complete, diverged = part.complete(cell), part.diverged(cell)
    if not complete:
        texts = ["diverged" if diverged else DASH] * 3
    else:
        texts = [spread(estimate(list(part.scores(cell, name).values()))) for name in SCORES]
    return [*texts, run_count(part, cell, marks)]


def run_count(part: Slice, cell: Cell, marks: Footnotes) -> str:
    """ "3", "2 + 1 diverged"; a footnote where they come from several machines or commits."""
    complete, diverged = part.complete(cell), part.diverged(cell)
    count = str(len(complete)) if complete else ("0" if diverged else DASH)
    if diverged:
        count += f" + {len(diverged)} diverged"
    if text := origin(part.finished(cell)):
        count += f" [{marks.mark(text, text[0].upper() + text[1:] + '.')}]"
    return count


def our_values(part: Slice, cell: Cell) -> Iterator[dict[str, Any]]:
    for name in SCORES:
        if e := estimate(list(part.scores(cell, name).values())):
            yield entry(cell, "ours", name, e, note=origin(part.finished(cell)) or "")
    if diverged := part.diverged(cell):
        yield {**place(cell), "kind": "ours", "quantity": "diverged", "n": len(diverged)}
    if (e := lead_estimate(part, cell)) and cell.optimizer != "adabelief":
        yield entry(cell, "difference", "last, ours - ours AdaBelief, paired by seed", e)


def lead_estimate(part: Slice, cell: Cell, score: str = "last") -> Estimate | None:
    return paired(part.scores(cell, score), part.scores(part.adabelief(cell), score))


def lead(part: Slice, cell: Cell, score: str = "last") -> str:
    return DASH if cell.optimizer == "adabelief" else interval(lead_estimate(part, cell, score))


def to_official(part: Slice, cell: Cell, public: PublicRecord) -> tuple[str, list[dict[str, Any]]]:
    """Our last-10 mean minus the official curve's, or minus the figure's reading where there is no curve; none to a
    curve that stops early, whose last ten epochs are others."""
    ours, theirs = estimate(list(part.scores(cell, "last").values())), public.paper_last(*key_of(cell))
    curve = public.official(*key_of(cell))
    if ours is None or theirs is None or (curve and not curve.complete):
        return DASH, []
    by_curve = curve is not None
    quantity = f"last, ours - {'official curve' if by_curve else 'figure'}"
    value = plain(cell, "difference", quantity, ours.mean - theirs)
    return signed(ours.mean - theirs) + ("" if by_curve else " (fig.)"), [value]


def summary(data: str, paper: Slice, clean: Slice, public: PublicRecord) -> str:
    cells = [c for c in paper.cells if c.data == data]
    runs = sum(len(part.finished(c)) for part in (paper, clean) for c in part.cells if c.data == data)
    known = sum(public.paper_last(*key_of(c)) is not None for c in cells)
    curves = sum(public.official(*key_of(c)) is not None for c in cells)
    joined = sum(bool(public.joined(*key_of(c))) for c in cells)
    ours = f"{runs} finished full-scale runs of ours" if runs else "no full-scale run of ours yet: the public record"
    return f"{data_name(data)}: {ours}; {known} cells with a figure reading, {curves} official curves, {joined} rerun"
