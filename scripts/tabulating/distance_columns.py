"""The columns of the tables of distances: our runs of a cell, further scores, the published values, differences."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from experiments.cell import Cell
from experiments.record import Record
from scripts.reading.distances import Distance
from scripts.reading.ours import Slice, origin
from scripts.reading.statistic import estimate, paired
from scripts.tabulating.layout import DASH, Footnotes, interval, number, signed, spread

BEST = ["best of checkpoints"]
OURS = ["ours mean ± sd", "ours median", *BEST, "n"]
EXTRAS = {"kid": "KID", "kernel": "kernel distance", "precision": "precision", "recall": "recall",
          "inception_score": "Inception score"}  # fmt: skip
PAPER = ["paper mean ± sd", "paper median", "paper's five runs", "rerun"]


def our_cells(part: Slice, cell: Cell, marks: Footnotes) -> list[str]:
    """Mean ± sd, median, best where there are several scores a run, n."""
    final, best = (list(part.scores(cell, name).values()) for name in ("final", "best"))
    diverged, complete = part.diverged(cell), part.complete(cell)
    count = str(len(complete)) if complete else ("0" if diverged else DASH)
    count += f" + {len(diverged)} diverged" if diverged else ""
    if text := origin(part.finished(cell)):
        count += f" [{marks.mark(text, text[0].upper() + text[1:] + '.')}]"
    middle = number(median(final)) if final else DASH
    several = any(len(scored(record)) > 1 for record in complete)
    return [spread(estimate(final)), middle, spread(estimate(best)) if several else DASH, count]


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
        texts[0] = number(paper.mean) if paper.sd is None else f"{number(paper.mean)} ± {number(paper.sd)}"
        texts[1] = DASH if paper.median is None else f"{paper.median:g}{error}"
        texts[2] = ", ".join(f"{value:g}" for value in paper.runs) or DASH
    if rerun:
        texts[3] = f"{rerun.mean:g} ± {rerun.error:g} [{marks.mark(rerun.source, rerun.source + '.')}]"
    return texts


def difference(part: Slice, cell: Cell, paper: Distance | None) -> str:
    name = "best" if paper and paper.median is None else "final"
    found = list(part.scores(cell, name).values())
    if not found or paper is None:
        return DASH
    ours = sum(found) / len(found) if paper.median is None else median(found)
    return signed(ours - paper.middle)


def lead(part: Slice, cell: Cell) -> str:
    if cell.optimizer == "adabelief":
        return DASH
    return interval(paired(part.scores(cell, "final"), part.scores(part.adabelief(cell), "final")))
