"""The columns of the tables of distances: our runs of a cell, further scores, the published values, differences."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from experiments.cell import Cell
from experiments.record import Record
from scripts.reading.distances import Distance
from scripts.reading.ours import Slice
from scripts.reading.statistic import estimate
from scripts.tabulating.full import run_count
from scripts.tabulating.layout import DASH, Footnotes, number, signed, spread

BEST = ["best of checkpoints"]
OURS = ["ours mean ± sd", "ours median", *BEST, "n"]
EXTRAS = {"kid": "KID", "kernel": "kernel distance", "precision": "precision", "recall": "recall",
          "inception_score": "Inception score"}  # fmt: skip
PAPER = ["paper mean ± sd", "paper median", "paper's five runs", "rerun"]


def our_cells(part: Slice, cell: Cell, marks: Footnotes) -> list[str]:
    """Mean ± sd, median, best where there are several scores a run, n."""
    final, best = (list(part.scores(cell, name).values()) for name in ("final", "best"))
    middle = number(median(final)) if final else DASH
    several = any(len(scored(record)) > 1 for record in part.complete(cell))
    shown = spread(estimate(best)) if several else DASH
    return [spread(estimate(final)), middle, shown, run_count(part, cell, marks)]


def scored(record: Record) -> list[float]:
    name = (record.summary or {})["scores"]["metric"]
    return [line[name] for line in record.metrics if line.get(name) is not None]


def extras(records: Sequence[Record]) -> list[str]:
    """The further scores of the last epoch, in whatever space they were taken."""
    texts = []
    for key in EXTRAS:
        lines = [line for record in records for line in record.metrics[-1:]]
        found = [v for line in lines for name, v in line.items() if matches(name, key)]
        texts.append(number(estimate(found).mean, 3) if found else DASH)  # type: ignore[union-attr]
    return texts


def matches(name: str, key: str) -> bool:
    return name == f"test/{key}" or name.startswith(f"test/{key}_")


def public_cells(paper: Distance | None, rerun: Distance | None, marks: Footnotes) -> list[str]:
    texts = [DASH] * 4
    if paper:
        error = f" ± {paper.error:g}" if paper.error else ""
        digits = 1 if paper.error else 2  # as it was read, or printed
        sd = "" if paper.sd is None else f" ± {number(paper.sd, digits)}"
        texts[0] = f"{number(paper.mean, digits)}{sd}"
        texts[1] = DASH if paper.median is None else f"{paper.median:g}{error}"
        texts[2] = ", ".join(f"{value:g}" for value in paper.runs) or DASH
    if rerun:
        texts[3] = f"{rerun.mean:g} ± {rerun.error:g} [{marks.mark(rerun.source, rerun.source + '.')}]"
    return texts


def difference(part: Slice, cell: Cell, paper: Distance | None) -> str:
    if paper is None:
        return DASH
    found = list(part.scores(cell, "best" if paper.of_best else "final").values())
    if not found:
        return DASH
    ours = sum(found) / len(found) if paper.of_best else median(found)
    return signed(ours - paper.middle)
