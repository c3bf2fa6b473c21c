"""The numbers and columns of the tables of distances: our runs of a cell, further scores, the published values,
differences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median
from typing import Any

import pandas as pd

from experiments.config.cell import Cell
from scripts.loading.display import optimizer_name
from scripts.loading.grid_results import GridResults
from scripts.loading.run_rows import SCORES
from scripts.loading.score_summary import score_summary
from scripts.loading.statistics import columns_of, estimate, estimate_in, is_missing
from scripts.published.distances import Distance, load_distances
from scripts.tables.distance_orders import with_ranks
from scripts.tables.footnotes import Footnotes
from scripts.tables.formats import (
    DASH,
    count_column,
    interval_column,
    number,
    number_column,
    run_count_column,
    signed_column,
    spread_column,
    word_column,
)
from scripts.tables.raw_numbers import place_of, raw_estimate
from scripts.tables.table import Column, Row

EXTRAS = {"kid": "KID", "kernel": "kernel distance", "precision": "precision", "recall": "recall",
          "inception_score": "Inception score"}  # fmt: skip


def distance_numbers(part: GridResults, cells: Sequence[Cell]) -> pd.DataFrame:
    """A score summary, whose `lead` is of the final scores, and whose `checkpoints` is the best score where runs were
    scored more than once; with `median` of the final scores, `judged` (how the samples were scored), EXTRAS, the
    published values (`paper`, `paper_median`, `paper_runs`, `rerun`, ...), `difference` to the paper's, and ranks."""
    numbers = score_summary(part, cells, "final").assign(
        label=[optimizer_name(cell.optimizer) for cell in cells],
    )
    further = pd.DataFrame([further_numbers(part, cell) for cell in cells])
    return with_ranks(pd.concat([numbers, further], axis=1), part)


def further_numbers(part: GridResults, cell: Cell) -> dict[str, Any]:
    """A cell's numbers besides its score summary."""
    paper, rerun = (found.get((cell.setting, cell.optimizer)) for found in load_distances())
    final, best = (list(part.scores(cell, name).values()) for name in ("final", "best"))
    complete, epochs = part.runs_of(cell, "complete"), part.epochs(cell)
    epochs = epochs[epochs["run"].isin(complete.index)]
    metric = complete["metric"].iloc[0] if len(complete) else ""
    several = metric in epochs and (epochs.groupby("run")[metric].count() > 1).any()
    return {
        "median": median(final) if final else None,
        "judged": judged(complete.iloc[0]) if len(complete) else None,
        **columns_of("checkpoints", estimate(best) if several else None),
        **further_scores(epochs),
        **published_numbers(paper, rerun),
        "difference": difference(final, best, paper),
    }


def further_scores(epochs: pd.DataFrame) -> dict[str, float | None]:
    """The means over runs of EXTRAS after the last epoch, each in whatever space it was taken."""
    last = epochs.groupby("run").tail(1)
    found: dict[str, float | None] = {}
    for extra in EXTRAS:
        names = [name for name in last if name == f"test/{extra}" or str(name).startswith(f"test/{extra}_")]
        scores = [score for row in last[names].to_numpy().tolist() for score in row if score == score]
        e = estimate(scores)
        found[extra] = e.mean if e else None
    return found


def published_numbers(paper: Distance | None, rerun: Distance | None) -> dict[str, Any]:
    """What others published of a cell."""
    return {
        "paper": paper.mean if paper else None, "paper_sd": paper.sd if paper else None,
        "paper_median": paper.median if paper else None, "paper_error": paper.error if paper else None,
        "paper_runs": (paper.runs or None) if paper else None, "paper_middle": paper.middle if paper else None,
        "rerun": rerun.mean if rerun else None, "rerun_error": rerun.error if rerun else None,
        "rerun_source": rerun.source if rerun else None,
    }  # fmt: skip


def difference(final: Sequence[float], best: Sequence[float], paper: Distance | None) -> float | None:
    """Our median minus the paper's; our mean best minus its mean, where that is of the best checkpoint."""
    ours = best if paper and paper.of_best else final
    if paper is None or not ours:
        return None
    return (sum(ours) / len(ours) if paper.of_best else median(ours)) - paper.middle


def judged(run: Any) -> str:
    """How the samples of a run, a row of the `runs` frame, were scored: the count is part of the result."""
    images = "stretched to their full range and " if run["score_stretch"] else ""
    images += "rounded to eight bits" if run["score_quantise"] else "not rounded"
    name = run["metric"].removeprefix("test/")
    return f"{name} of {run['score_fakes']:,} samples against the {run['score_reals']} images, {images}"


def columns_beside(scale: str, protocol: str) -> list[Column]:
    """The published values beside the full scale's paper protocol, ranks beside the small scale's."""
    found = [
        word_column("optimizer", "label"),
        spread_column("ours mean ± sd", "final"),
        number_column("ours median", "median"),
        spread_column("best of checkpoints", "checkpoints", "checkpoints_mean"),
        run_count_column(),
    ]
    found += [number_column(title, name, 3, needs=name) for name, title in EXTRAS.items()]
    if protocol == "paper" and scale == "full":
        found += [Column("paper mean ± sd", paper_spread_text), Column("paper median", median_text, "paper_median"),
                  Column("paper's five runs", five_runs_text, "paper_runs"), Column("rerun", reading_text, "rerun"),
                  signed_column("ours - paper", "difference")]  # fmt: skip
    if protocol == "paper" and scale == "small":
        found += [count_column("rank", "rank"), count_column("authors' rank", "authors_rank")]
    return [
        *found,
        word_column("standing", "standing") if scale == "quick" else interval_column("ours - AdaBelief", "lead"),
    ]


def paper_spread_text(row: Row, marks: Footnotes) -> str:
    """The paper's mean ± sd, with the digits that it was printed or read with."""
    if is_missing(row["paper"]):
        return DASH
    digits = 2 if is_missing(row["paper_error"]) else 1  # as it was printed, or read
    sd = "" if is_missing(row["paper_sd"]) else f" ± {number(row['paper_sd'], digits)}"
    return f"{number(row['paper'], digits)}{sd}"


def median_text(row: Row, marks: Footnotes) -> str:
    """The median of the paper's runs ± the error of the reading."""
    if is_missing(row["paper_median"]):
        return DASH
    error = "" if is_missing(row["paper_error"]) else f" ± {row['paper_error']:g}"
    return f"{row['paper_median']:g}{error}"


def five_runs_text(row: Row, marks: Footnotes) -> str:
    """The paper's runs, ascending."""
    return DASH if is_missing(row["paper_runs"]) else ", ".join(f"{value:g}" for value in row["paper_runs"])


def reading_text(row: Row, marks: Footnotes) -> str:
    """A rerun's value ± the error of the reading, with its source."""
    if is_missing(row["rerun"]):
        return DASH
    source = row["rerun_source"]
    return f"{row['rerun']:g} ± {row['rerun_error']:g}{marks.marks(f'{source}.')}"


def raw_distances(part: GridResults, row: Row) -> Iterator[dict[str, Any]]:
    """A row's numbers for the csv; the setting stands for the model, which two settings share."""
    cell = row["cell"]
    where = {**place_of(cell), "model": cell.setting}
    if part.scale == "full" and part.protocol == "paper":
        for kind, found in zip(("paper", "rerun"), load_distances()):
            if known := found.get((cell.setting, cell.optimizer)):
                yield {**where, "kind": kind, "quantity": "fid", "value": known.mean, "sd": known.sd,
                       "n": len(known.runs) or None, "source": known.source}  # fmt: skip
                for value in known.runs:
                    yield {**where, "kind": kind, "quantity": "fid of a run", "value": value}
    for name in SCORES[:2]:
        if e := estimate_in(row, name):
            yield {**raw_estimate(cell, "ours", name, e, note=row["judged"]), "model": cell.setting}
    for seed in part.runs_of(cell, "diverged")["seed"].tolist():
        yield {**where, "kind": "ours", "quantity": "diverged", "n": 1, "note": f"seed {seed}"}
