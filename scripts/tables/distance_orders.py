"""Our order of the optimizers by distance beside the authors'."""

from __future__ import annotations

from itertools import permutations

import pandas as pd

from scripts.loading.grid_results import GridResults
from scripts.loading.statistics import is_missing
from scripts.tables.orders import pair_notes, ranks, tau_text
from scripts.tables.table import rows_of


def with_ranks(numbers: pd.DataFrame, part: GridResults) -> pd.DataFrame:
    """With `rank`, by our mean, and `authors_rank`, by the median of the paper's runs or its mean, among the rows that
    both have."""
    both = numbers[numbers["final_mean"].notna() & numbers["paper_middle"].notna()]
    ours, theirs = (
        pd.Series(ranks(both[name].astype(float).to_dict(), part.measure.sign), dtype=float)
        for name in ("final_mean", "paper_middle")
    )
    return numbers.assign(rank=ours, authors_rank=theirs)


def distance_order_notes(numbers: pd.DataFrame) -> list[str]:
    """How far the two orders agree, from three optimizers on."""
    both = numbers[numbers["rank"].notna()]
    if len(both) < 3:
        return []
    order = tau_text(both["rank"].tolist(), both["authors_rank"].tolist())
    text = f"Kendall's τ (95 % bootstrap interval over optimizers) of our order with the authors' {order}."
    return [text, *distance_agreement_notes(both)]


def distance_agreement_notes(both: pd.DataFrame) -> list[str]:
    """Which of the authors' orderings already show, of those that their runs tell."""
    runs = {row["optimizer"]: row["paper_runs"] for row in rows_of(both) if not is_missing(row["paper_runs"])}
    pairs = [(a, b) for a, b in permutations(runs, 2) if max(runs[a]) < min(runs[b])]
    rank = dict(zip(both["optimizer"], both["rank"].astype(int)))
    return pair_notes(pairs, "(each of the one's below each of the other's)", rank) if pairs else []
