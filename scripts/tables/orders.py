"""The order of the optimizers within one data set and model: ours at a smaller scale, the authors', a rerun's."""

from __future__ import annotations

from collections.abc import Container, Hashable, Mapping
from dataclasses import dataclass
from itertools import combinations
from math import inf, isnan
from typing import TypeVar

from experiments.config.cell import Cell
from scripts.loading.display import optimizer_name
from scripts.loading.grid_results import GridResults
from scripts.loading.rank_correlation import kendall, kendall_interval
from scripts.loading.score_summary import mean_score
from scripts.loading.statistics import paired
from scripts.published.public_record import PublicRecord, public_key
from scripts.tables.formats import MINUS

DIGITS = 2  # of a printed score
CLEAR = 0.5  # points: two laboratories differ by at most 0.47 in 21 cells, an sd of 0.24
T = TypeVar("T", bound=Hashable)
Pair = tuple[str, str]  # the better optimizer, the worse one
RERUN = "anirudhb11/Adabelief-Optimizer-RC"  # the one independent rerun of nearly all 54 cells


@dataclass(frozen=True)
class Order:
    """Values by optimizer, over the cells that have both runs of ours and a public value; a diverged cell is last.

    `ours` is the last-quarter mean of the test score, `authors` their last-10 mean, `sources` where that is
    from. Ranks count from 1, of two or more; equal values share the better rank.
    """

    cells: dict[str, Cell]
    ours: dict[str, float]
    authors: dict[str, float]
    sources: dict[str, str]
    sign: int = 1  # times a score: larger is better

    @property
    def rank(self) -> dict[str, int]:
        """Our places by optimizer; none of a single one."""
        return ranks(self.ours, self.sign) if len(self.ours) > 1 else {}

    @property
    def authors_rank(self) -> dict[str, int]:
        """The authors' places by optimizer; none of a single one."""
        return ranks(self.authors, self.sign) if len(self.authors) > 1 else {}


def ranks(values: Mapping[T, float], sign: int) -> dict[T, int]:
    """Places from 1 on; what is equal as printed shares the better one."""
    shown = {name: round(value, DIGITS) for name, value in values.items()}
    return {name: 1 + sum(sign * other > sign * value for other in shown.values()) for name, value in shown.items()}


def read_order(part: GridResults, cells: list[Cell], public: PublicRecord) -> Order:
    """Our order of a block's cells beside the authors', of those that both have."""
    found, ours, authors, sources = {}, {}, {}, {}
    for cell in cells:
        last = mean_score(part, cell, "last")
        theirs = public.paper_last(*public_key(cell))
        if theirs is not None and part.count_finished(cell):
            found[cell.optimizer] = cell
            ours[cell.optimizer] = last.mean if last else -inf * part.measure.sign
            authors[cell.optimizer] = theirs
            sources[cell.optimizer] = "official curve" if public.official(*public_key(cell)) else "figure"
    return Order(found, ours, authors, sources, part.measure.sign)


def order_notes(order: Order, part: GridResults, public: PublicRecord) -> list[str]:
    """Kendall's tau between our order and the authors', and between the authors' and the rerun's."""
    names = list(order.cells)
    texts = []
    if len(names) >= 3:
        text = tau_text([order.ours[n] for n in names], [order.authors[n] for n in names])
        texts.append(f"our order against the authors' {text}")
    found = {name: public.rerun_last(*public_key(cell), RERUN) for name, cell in order.cells.items()}
    rerun = {name: value for name, value in found.items() if value is not None}
    other = [
        name for name in rerun if not any(r.repository == RERUN for r in public.joined(*public_key(order.cells[name])))
    ]
    if len(rerun) >= 3:
        text = tau_text([order.authors[n] for n in rerun], [rerun[n] for n in rerun])
        text += f", {', '.join(map(optimizer_name, other))} in another form" if other else ""
        texts.append(f"the authors' order against the independent full-scale rerun of {RERUN} {text}: "
                     "more than this cannot be asked of a smaller scale")  # fmt: skip
    return [f"Kendall's τ (with a 95 % bootstrap interval over optimizers): {'; '.join(texts)}."] if texts else []


def tau_text(a: list[float], b: list[float]) -> str:
    """Kendall's tau of values as printed, with its interval; two orders that are equal (or opposite) have none: no
    resample changes them."""
    a, b = ([round(value, DIGITS) for value in values] for values in (a, b))
    value = kendall(a, b)
    text = "undefined" if isnan(value) else f"{value:.2f}"
    if abs(value) < 1:
        text += " [{:.2f}, {:.2f}]".format(*kendall_interval(a, b))
    return f"{text.replace('-', MINUS)} ({len(a)} optimizers)"


def agreement_notes(order: Order, part: GridResults) -> list[str]:
    """Which of the authors' orderings already show, as sentences made from the numbers."""
    pairs = [
        (a, b) if order.sign * order.authors[a] > order.sign * order.authors[b] else (b, a)
        for a, b in combinations(order.cells, 2)
        if abs(order.authors[a] - order.authors[b]) > CLEAR
    ]
    if not pairs:
        return []
    sure = {pair for pair in [*pairs, *((b, a) for a, b in pairs)] if is_beyond_scatter(order, part, *pair)}
    notes = pair_notes(pairs, f"by more than {CLEAR} points", order.rank, sure)
    if all(len(part.scores(cell, "last")) < 2 for cell in order.cells.values()):
        notes.append("With one seed of ours scatter cannot be told.")
    else:
        stars = f"{len(sure & set(pairs))} as with the authors, {len(sure - set(pairs))} the other way round"
        notes.append(f"*: beyond our seeds' scatter (paired 95 % interval): {stars}.")
    if behind := [b for a, b in pairs if a == "adabelief"]:
        ahead = [b for b in behind if order.rank["adabelief"] < order.rank[b]]
        notes.append(
            f"AdaBelief is number {order.authors_rank['adabelief']} with the authors and {order.rank['adabelief']} "
            f"here, ahead of {len(ahead)} of the {len(behind)} optimizers that they find clearly behind it."
        )
    return notes


def pair_notes(pairs: list[Pair], separated: str, rank: dict[str, int], sure: Container[Pair] = ()) -> list[str]:
    """Which of the `pairs`, as the authors have them, stand here too, which the other way round, which are level; a
    star where our seeds tell them apart. `separated` says how the authors do."""
    kept = [(a, b) for a, b in pairs if rank[a] < rank[b]]
    turned = [(b, a) for a, b in pairs if rank[b] < rank[a]]
    level = [f"{optimizer_name(a)} and {optimizer_name(b)}" for a, b in pairs if rank[a] == rank[b]]
    notes = [f"As with the authors here: {len(kept)} of {len(pairs)} pairs that their runs separate {separated}"]
    notes[0] += f": {grouped(kept, rank, sure)}." if kept else "."
    notes += [f"The other way round here: {grouped(turned, rank, sure)}."] if turned else []
    return notes + ([f"Level here: {'; '.join(level)}."] if level else [])


def grouped(pairs: list[Pair], rank: dict[str, int], sure: Container[Pair]) -> str:
    """Pairs by their better optimizer, in our order."""
    worse: dict[str, list[str]] = {}
    for a, b in sorted(pairs, key=lambda pair: (rank[pair[0]], rank[pair[1]])):
        worse.setdefault(a, []).append(optimizer_name(b) + "*" * ((a, b) in sure))
    return "; ".join(f"{optimizer_name(a)} before {', '.join(names)}" for a, names in worse.items())


def is_beyond_scatter(order: Order, part: GridResults, better: str, worse: str) -> bool:
    """Whether our seeds tell the first from the second, as the better one."""
    difference = paired(*(part.scores(order.cells[name], "last") for name in (better, worse)))
    if difference is None or difference.low is None or difference.high is None:
        return False
    return min(order.sign * difference.low, order.sign * difference.high) > 0
