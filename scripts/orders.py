"""The order of the optimizers within one data set and model: ours at a smaller scale, the authors', a rerun's."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import inf, isnan

from experiments.cell import Cell
from scripts.names import optimizer_name
from scripts.ours import Slice
from scripts.public_record import PublicRecord
from scripts.statistic import estimate, kendall, kendall_interval, paired

CLEAR = 0.5  # points: single runs scatter by about 0.17 (21 cells run by two laboratories), so two 0.5 apart differ
RERUN = "anirudhb11/Adabelief-Optimizer-RC"  # the one independent rerun of nearly all 54 cells


@dataclass(frozen=True)
class Order:
    """Values by optimizer, over the cells that have both runs of ours and a public value; a diverged cell is last.

    `ours` is the last-quarter mean of test accuracy, `authors` their last-10 mean (percent), `source` where that is
    from. Ranks count from 1; equal values share the better rank.
    """

    cells: dict[str, Cell]
    ours: dict[str, float]
    authors: dict[str, float]
    source: str

    @property
    def rank(self) -> dict[str, int]:
        return ranks(self.ours)

    @property
    def authors_rank(self) -> dict[str, int]:
        return ranks(self.authors)


def ranks(values: dict[str, float]) -> dict[str, int]:
    return {name: 1 + sum(other > value for other in values.values()) for name, value in values.items()}


def read_order(part: Slice, cells: list[Cell], public: PublicRecord) -> Order:
    found, ours, authors = {}, {}, {}
    for cell in cells:
        last = estimate(list(part.scores(cell, "last").values()))
        theirs = public.paper_last(cell.data, cell.model, cell.optimizer)
        if theirs is not None and part.finished(cell):
            found[cell.optimizer] = cell
            ours[cell.optimizer] = last.mean if last else -inf
            authors[cell.optimizer] = theirs
    curve = any(public.official(c.data, c.model, c.optimizer) for c in found.values())
    return Order(found, ours, authors, "official curve" if curve else "figure")


def order_notes(order: Order, part: Slice, public: PublicRecord) -> list[str]:
    """Kendall's tau between our order and the authors', and between the authors' and the rerun's."""
    names = list(order.cells)
    texts = []
    if len(names) >= 3:
        texts.append(f"our order against the authors' {tau(*([d[n] for n in names] for d in (order.ours, order.authors)))}")
    rerun = {}
    for name, cell in order.cells.items():
        value = public.rerun_last(cell.data, cell.model, cell.optimizer, RERUN)
        if value is not None:
            rerun[name] = value
    if len(rerun) >= 3:
        text = tau([order.authors[n] for n in rerun], [rerun[n] for n in rerun])
        texts.append(f"the authors' order against the independent full-scale rerun of {RERUN} {text}: "
                     "more than this cannot be asked of a smaller scale")  # fmt: skip
    return [f"Kendall's τ (with a 95 % bootstrap interval over optimizers): {'; '.join(texts)}."] if texts else []


def tau(a: list[float], b: list[float]) -> str:
    value, (low, high) = kendall(a, b), kendall_interval(a, b)
    text = "undefined" if isnan(value) else f"{value:.2f} [{low:.2f}, {high:.2f}]"
    return f"{text.replace('-', '−')} ({len(a)} optimizers)"


def shows(order: Order, part: Slice) -> list[str]:
    """Which of the authors' orderings already show, as sentences made from the numbers."""
    pairs = [
        (a, b) if order.authors[a] > order.authors[b] else (b, a)
        for a, b in combinations(order.cells, 2)
        if abs(order.authors[a] - order.authors[b]) > CLEAR
    ]
    if not pairs:
        return []
    kept = [(a, b) for a, b in pairs if order.ours[a] > order.ours[b]]
    notes = [f"Of the {len(pairs)} pairs that the authors' runs separate by more than {CLEAR} points, {len(kept)} "
             "stand in the same order here."]  # fmt: skip
    if "adabelief" in order.cells:
        notes[0] += f" AdaBelief is number {order.authors_rank['adabelief']} with the authors, "
        notes[0] += f"{order.rank['adabelief']} here."
    if reversed_ := [reversal(order, part, a, b) for a, b in pairs if (a, b) not in kept]:
        notes.append(f"Not as with the authors: {'; '.join(reversed_)}.")
    return notes


def reversal(order: Order, part: Slice, better: str, worse: str) -> str:
    """A pair that stands the other way round here, and whether our seeds can tell."""
    text = f"{optimizer_name(better)} is not ahead of {optimizer_name(worse)}"
    difference = paired(*(part.scores(order.cells[name], "last") for name in (better, worse)))
    if difference is None or difference.low is None or difference.high is None:
        return text
    return text + (" (beyond our seeds' scatter)" if difference.high < 0 else " (within our seeds' scatter)")
