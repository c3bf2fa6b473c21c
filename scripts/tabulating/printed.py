"""`imagenet.*` and `small_imagenet.*`: ours beside a table whose numbers come from several hands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from experiments.cell import Cell
from experiments.grid import Grid
from scripts.reading.names import optimizer_name
from scripts.reading.ours import Slice, groups, partial_note, stale_notes
from scripts.reading.printed import Printed, load_printed, of
from scripts.reading.statistic import estimate
from scripts.tabulating.failures import failures
from scripts.tabulating.full import CLEAN, lead, our_cells, our_values
from scripts.tabulating.layout import DASH, Block, Footnotes, Table, number, signed
from scripts.tabulating.missing import missing_notes
from scripts.tabulating.orders import ranks, tau
from scripts.tabulating.raw import plain
from scripts.tabulating.scaled import EXPLAINED, count, head, made_notes, title

OURS = ["ours final", "ours best", "ours last 10", "n"]
PAPER = ["paper", "measured by", "under decay", "in schedule"]
COLUMNS = ["optimizer", *OURS, *PAPER, "reruns", "ours - paper", "ours - AdaBelief"]
HEAD = [
    "Top-1 accuracy on ImageNet's validation images in percent. Ours: after the last epoch (final), at its best epoch "
    "(best), mean of the last ten epochs, those after the second drop (last 10); mean ± sd over n seeds. paper: Table "
    "2, of which only AdaBelief and, as it seems, MSVAG were run by its authors: the rest is copied from two other "
    "papers, with decays and schedules of their own. reruns: independent runs with the authors' recipe for AdaBelief "
    "(AdamW with the same rate and decay) in their schedule (90 epochs, a tenth of the rate from 70 and from 80 on), "
    "mean (n, range).",
    "ours - paper: of our last epoch (whether theirs is the best or the last is not stated). ours - AdaBelief: last-10 "
    "difference paired by seed, with its 95 % interval (t) from two seeds on. Our recipes and their sources: "
    "configs/recipes/adabelief-imagenet.yaml.",
    "Under the paper's protocol the best epoch is chosen on the images that it is stated for.",
]
SAME_DECAY = (
    "Clean protocol: the same decay for all, decoupled, 1e-5 a step at the first rate (Adam's stays in the gradient: "
    "decoupled, Adam is AdamW); 2 % of the training images are held out and choose the best epoch."
)
SMALL = (
    "Network, recipes, batch size and schedule shape of full scale on 20 classes of Tiny ImageNet (4,000 images). The "
    "values are not comparable with the paper's, and Table 2's own order (Adam by the higher of its two numbers) is of "
    "numbers from different schedules and decays; so the orders are set side by side and nothing more. rank: by the "
    "mean of the last quarter, which Kendall's τ compares too."
)
LIMITS = (
    "What this order says: how fast each recipe learns in some two hundred steps at 64 pixels. What it cannot say: how "
    "90 epochs of ImageNet end, where decay and the drops decide; {clear}."
)
APART = "measured under another decay or schedule than ours"


def printed_table(grid: Grid, parts: Sequence[Slice]) -> Table:
    """The full scale: paper protocol, the public record beside it, and the clean protocol where it has runs."""
    rows = load_printed(grid.printed)
    paper, *others = parts
    table, marks = Table(grid.name, f"{grid.title}, full scale", list(HEAD)), Footnotes()
    block = Block("Paper protocol", COLUMNS, [])
    for cell in paper.cells:
        block.rows += cell_rows(paper, cell, rows, marks)
        table.values += [*our_values(paper, cell), *public_values(cell, rows)]
    table.blocks.append(block)
    for part in others:
        if any(part.finished(cell) for cell in part.cells):
            found = [[optimizer_name(c.optimizer), *our_cells(part, c, marks), lead(part, c)] for c in part.cells]
            table.blocks.append(Block("Clean protocol", CLEAN, found, [SAME_DECAY]))
            table.values += [value for cell in part.cells for value in our_values(part, cell)]
    table.notes = [*marks.notes(), *apart_notes(rows)]
    for part in parts:
        table.notes += [*partial_note(part, paper.cells[0].data), *stale_notes(part.evidence)]
    done = sum(len(part.finished(cell)) for part in parts for cell in part.cells)
    ours = f"{done} finished full-scale runs of ours" if done else "no full-scale run of ours yet: the public record"
    table.summary = f"ImageNet: {ours}"
    return table


def cell_rows(part: Slice, cell: Cell, rows: tuple[Printed, ...], marks: Footnotes) -> list[list[str]]:
    """One row for each number that the paper prints for an optimizer; ours stand in the first."""
    found = []
    for n, row in enumerate(of(rows, cell.optimizer, "table")):
        name, ours = optimizer_name(cell.optimizer), our_cells(part, cell, marks)
        reruns, ahead = rerun_text(of(rows, cell.optimizer, "rerun"), marks), lead(part, cell)
        if n:
            name, ours, reruns, ahead = f"{name}, the table's other number", [DASH] * len(OURS), DASH, DASH
        paper = f"{row.value:.2f} [{marks.mark(row.source + row.note, footnote(row))}]"
        texts = [paper, row.measured_by, row.decay, row.schedule]
        found.append([name, *ours, *texts, reruns, difference(part, cell, row, marks), ahead])
    return found


def difference(part: Slice, cell: Cell, row: Printed, marks: Footnotes) -> str:
    ours = estimate(list(part.scores(cell, "final").values()))
    if ours is None:
        return DASH
    return signed(ours.mean - row.value) + ("" if row.joins else f" [{marks.mark(APART, APART.capitalize() + '.')}]")


def rerun_text(runs: Sequence[Printed], marks: Footnotes) -> str:
    joined = [run for run in runs if run.joins]
    if not joined:
        return DASH
    letters = ", ".join(marks.mark(run.source + run.note, footnote(run)) for run in joined)
    values, n = [run.value for run in joined], sum(run.n or 1 for run in joined)
    mean = sum(run.value * (run.n or 1) for run in joined) / n
    span = f", {number(min(values))}{DASH}{number(max(values))}" if len(values) > 1 else ""
    return f"{number(mean)} ({n}{span}) [{letters}]"


def footnote(row: Printed) -> str:
    return f"{row.source}{f': {row.note}' if row.note else ''}."


def apart_notes(rows: Sequence[Printed]) -> list[str]:
    return [
        f"Kept apart: {optimizer_name(row.optimizer)}, {row.value:g} by {row.measured_by} with decay {row.decay}, "
        f"{row.schedule} ({row.source}{f'; {row.note}' if row.note else ''})."
        for row in rows
        if row.kind == "rerun" and not row.joins
    ]


def public_values(cell: Cell, rows: tuple[Printed, ...]) -> list[dict[str, Any]]:
    return [
        {**plain(cell, {"table": "paper", "rerun": "rerun"}[row.kind], "top-1", row.value, row.source, about(row)),
         "n": row.n}
        for row in rows
        if row.optimizer == cell.optimizer
    ]  # fmt: skip


def about(row: Printed) -> str:
    return f"measured by {row.measured_by}; decay {row.decay}; {row.schedule}" + (f"; {row.note}" if row.note else "")


def small_printed_table(grid: Grid, parts: Sequence[Slice]) -> Table:
    """The small scale: scores, our ranks and those of the paper's table."""
    theirs = {o: max(r.value for r in rows) for o, rows in by_optimizer(load_printed(grid.printed)).items()}
    table = Table(f"small_{grid.name}", f"{grid.title}: small scale", [])
    table.head = [SMALL, *head(grid, "small", EXPLAINED)]
    marks, columns = Footnotes(), ["optimizer", "n", "final", "best", "last quarter", "rank", "rank in Table 2"]
    for part in parts:
        for (data, model), cells in groups(part.cells).items():
            if not any(part.finished(cell) for cell in cells):
                continue
            scores = {c.optimizer: list(part.scores(c, "last").values()) for c in cells}
            means = {name: e.mean for name, values in scores.items() if (e := estimate(values))}
            ours, paper = ranks(means, 1), ranks({name: theirs[name] for name in means}, 1)
            rows = []
            for cell in cells:
                final, best, last, n = our_cells(part, cell, marks)
                places = [str(found.get(cell.optimizer, DASH)) for found in (ours, paper)]
                rows.append([optimizer_name(cell.optimizer), n, final, best, last, *places])
                table.values += our_values(part, cell)
            notes = [*made_notes(part, cells), *failures(grid, part, cells)]
            if len(means) >= 3:
                order = tau(list(means.values()), [theirs[name] for name in means])
                notes.append(
                    f"Kendall's τ (95 % bootstrap interval over optimizers) of our order with Table 2's {order}."
                )
                notes.append(LIMITS.format(clear=close(means, min(len(scores[name]) for name in means))))
            table.blocks.append(Block(title(part, data, model), columns, rows, notes))
        table.notes += stale_notes(part.evidence)
    table.notes = [*missing_notes(parts[0]), *marks.notes(), *table.notes]
    table.summary = f"small scale: {count(list(parts))}"
    return table


def by_optimizer(rows: tuple[Printed, ...]) -> dict[str, list[Printed]]:
    return {row.optimizer: of(rows, row.optimizer, "table") for row in rows if row.kind == "table"}


def close(means: dict[str, float], seeds: int) -> str:
    """How far the first is from the second, and what that is worth with so many seeds."""
    (first, a), (second, b) = sorted(means.items(), key=lambda item: -item[1])[:2]
    worth = "one seed cannot tell how far that is chance" if seeds == 1 else f"over {seeds} seeds"
    return f"{optimizer_name(first)} is {a - b:.1f} points ahead of {optimizer_name(second)}, and {worth}"
