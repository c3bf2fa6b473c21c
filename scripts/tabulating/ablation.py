"""`[small_]adabelief_eps.*`: rows of one ablation, each set against AdaBelief as its experiments ran it."""

from __future__ import annotations

from typing import Any

from experiments.cell import Cell
from experiments.grid import Grid
from scripts.reading.names import data_name, optimizer_name
from scripts.reading.ours import Slice, groups, stale_notes
from scripts.reading.statistic import Estimate, estimate, paired
from scripts.tabulating.failures import failures
from scripts.tabulating.first_epochs import at
from scripts.tabulating.full import lead, lead_estimate, our_cells, our_values
from scripts.tabulating.layout import DASH, Block, Footnotes, Table, number, signed
from scripts.tabulating.missing import missing_notes
from scripts.tabulating.raw import entry
from scripts.tabulating.scaled import AS_AT_FULL_SCALE, EXPLAINED, LAST, QUICK, count, head, made_notes, title

LAST_COLUMN = {"full": "last 10", "small": "last quarter", "quick": "last quarter"}
SCALES = {
    "full": "The paper's models, recipes and epochs.",
    "small": AS_AT_FULL_SCALE + ".",
    "quick": QUICK,
}
HEAD = [
    "AdaBelief as the experiments ran it (eps 1e-8, kept in the state) and what is left when the eps moves: "
    "inner_eps=this step adds it under the root of each step only, inner_eps=none leaves it beside the root, eps=1e-16 "
    "is the later packages'. EAdam is Adam with AdaBelief's eps in the same place. SGD, lr=0.0316 has the rate of "
    "AdaBelief for a coordinate that stands on the floor, 1e-3 x (1 - 0.9) / sqrt(1e-5), and the same momentum.",
    "minus AdaBelief: difference of the means of the {last}, paired by seed, with its 95 % interval (t) from two seeds "
    "on. at the floor: share of the coordinates, in percent after the last epoch, whose denominator is less than twice "
    "the smallest that the rule can have, so that they are moved as by SGD, to within a factor of two (its own share "
    "is 100); a dash where it was not logged. It is measured on the rule itself: same momentum, no gradient, the step "
    "against that of a coordinate that never had a gradient.",
    "The floors differ, so that shares compare between equal ones only: 3.2e-3 with eps kept in the state (AdaBelief, "
    "EAdam), where SGD's rate would be 0.03; 1e-4 (rate 1) with inner_eps=this step, 3.2e-7 (316) with eps=1e-16, 1e-8 "
    "(10,000) with inner_eps=none and for Adam: a coordinate on one of these has next to no gradient.",
]


def ablation_table(grid: Grid, scale: str, parts: list[Slice]) -> Table:
    name = grid.name if scale == "full" else f"{scale}_{grid.name}"
    table = Table(name, f"{grid.title} ({scale} scale)", [])
    table.head = head(grid, scale, SCALES[scale], EXPLAINED, *HEAD)
    columns = ["optimizer", "n", "final", "best", LAST_COLUMN[scale], "minus AdaBelief", "at the floor"]
    marks = Footnotes()
    for part in parts:
        for (data, model), cells in groups(part.cells).items():
            if not any(part.finished(cell) for cell in cells):
                continue
            rows = [row(part, cell, marks) for cell in cells]
            notes = [*made_notes(part, cells), *failures(grid, part, cells)]
            notes += answer(part, {cell.optimizer: cell for cell in cells})
            table.blocks.append(Block(title(part, data, model), columns, rows, notes))
            table.values += [value for cell in cells for value in values(part, cell)]
        table.notes += stale_notes(part.evidence)
    table.notes = [*missing_notes(parts[0]), *marks.notes(), *table.notes]
    table.summary = f"{data_name(parts[0].cells[0].data)}, eps: {count(parts)}"
    return table


def floor(part: Slice, cell: Cell) -> Estimate | None:
    """Percent of the coordinates at the floor after the last epoch, over the seeds that logged it."""
    runs = part.complete(cell)
    return estimate([share for r in runs for share in at([r], "train", r.epochs_done - 1, "at_floor")])


def row(part: Slice, cell: Cell, marks: Footnotes) -> list[str]:
    final, best, last, n = our_cells(part, cell, marks)
    share = floor(part, cell)
    at_floor = DASH if share is None else number(share.mean, 1)
    if share and share.n < (runs := len(part.complete(cell))):
        text = f"Logged by {share.n} of {runs} runs."
        at_floor += f" [{marks.mark(text, text)}]"
    return [optimizer_name(cell.optimizer), n, final, best, last, lead(part, cell), at_floor]


def values(part: Slice, cell: Cell) -> list[dict[str, Any]]:
    share = floor(part, cell)
    found = [entry(cell, "ours", "percent of coordinates at the floor, last epoch", share)] if share else []
    return [*our_values(part, cell), *found]


def answer(part: Slice, cells: dict[str, Cell]) -> list[str]:
    """Two sentences made from the numbers: what the eps is worth, and what the belief is worth beside it."""
    without = {name: difference for name, cell in cells.items() if (difference := moved(part, cell))}
    sentences = []
    if without:
        texts = [f"{optimizer_name(name)} {points(e)}" for name, e in without.items()]
        sentences.append(
            f"With the eps moved or made small, AdaBelief's mean of the {LAST[part.scale]} changes by: "
            f"{'; '.join(texts)}."
        )
    if {"eadam", "adam", "adabelief"} <= cells.keys():
        last = {name: part.scores(cells[name], "last") for name in ("eadam", "adam", "adabelief")}
        eps, belief = paired(last["eadam"], last["adam"]), paired(last["adabelief"], last["eadam"])
        if eps and belief:
            sentences.append(
                f"Giving Adam the same eps in the same place (EAdam) changes it by {points(eps)}; taking the square of "
                f"g - m for that of g on top of it, the belief (AdaBelief), by {points(belief)}."
            )
    return sentences


def moved(part: Slice, cell: Cell) -> Estimate | None:
    """The difference that another place or size of eps makes to AdaBelief."""
    name, _, override = cell.optimizer.partition(",")
    return lead_estimate(part, cell) if override and name.startswith("adabelief") else None


def points(e: Estimate) -> str:
    """A difference and whether the seeds can tell it from none."""
    if e.low is None or e.high is None:
        return f"{signed(e.mean)} points (one seed)"
    within = " (within the seeds' scatter)" if e.low <= 0 <= e.high else ""
    return f"{signed(e.mean)} points{within}"
