"""The public record of cells as numbers, as columns of a table, and as notes of what is kept apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from experiments.config.cell import Cell
from scripts.loading.display import model_name, optimizer_name
from scripts.loading.grid_results import GridResults
from scripts.loading.run_rows import SCORES
from scripts.loading.statistics import Estimate, columns_of, estimate, estimate_in, is_missing
from scripts.published.curves import EPOCHS, PublishedRun
from scripts.published.public_record import PublicRecord, public_key
from scripts.tables.footnotes import Footnotes
from scripts.tables.formats import DASH, number, spread
from scripts.tables.raw_numbers import raw_estimate, raw_number
from scripts.tables.table import Column, Row


def public_numbers(cells: Sequence[Cell], public: PublicRecord) -> pd.DataFrame:
    """One row for each of `cells`, in their order.

    Columns: `figure` and `figure_error`; `official_final`, `official_best`, `official_last`, and `official_ends`, the
    epochs of a curve that stops early; the estimate `reruns` of the last-10 values of the joined reruns, whose
    `reruns_low` and `reruns_high` are their range, and `reruns_notes`, a (key, text) for each of their repositories.
    """
    return pd.DataFrame([public_row(cell, public) for cell in cells])


def public_row(cell: Cell, public: PublicRecord) -> dict[str, Any]:
    """A cell's row of `public_numbers`."""
    reading, curve = public.figure(*public_key(cell)), public.official(*public_key(cell))
    return {
        "figure": reading.value if reading else None,
        "figure_error": reading.error if reading else None,
        **{f"official_{name}": getattr(curve, name) if curve else None for name in SCORES},
        "official_ends": len(curve.test) if curve and not curve.complete else None,
        **rerun_numbers(public.joined(*public_key(cell))),
    }


def rerun_numbers(runs: Sequence[PublishedRun]) -> dict[str, Any]:
    """Last-10 values of reruns: their estimate, with their range in place of an interval, and footnotes."""
    last = [run.last for run in runs]
    ends = {"reruns_low": min(last), "reruns_high": max(last)} if last else {}
    notes = tuple(dict.fromkeys((str((run.repository, run.remarks)), rerun_footnote(run)) for run in runs))
    return {**columns_of("reruns", estimate(last)), **ends, "reruns_notes": notes or None}


def rerun_footnote(run: PublishedRun) -> str:
    """Whose rerun it is, and what to know of it."""
    return f"{run.repository}{': ' if run.remarks else ''}{'; '.join(run.remarks)}."


def public_columns(many_reruns: bool, optional: bool) -> list[Column]:
    """The columns of `public_numbers`; left out where they are empty, if that is `optional`."""
    found = [Column("figure", figure_text, "figure")]
    titles = {"final": "official final", "best": "official best", "last": "official last 10"}
    found += [official_column(title, f"official_{name}") for name, title in titles.items()]
    found.append(Column("reruns last 10", many_text if many_reruns else few_text, "reruns_mean"))
    return found if optional else [Column(column.title, column.text) for column in found]


def figure_text(row: Row, marks: Footnotes) -> str:
    """The figure's reading ± its error."""
    return DASH if is_missing(row.get("figure")) else f"{row['figure']:g} ± {row['figure_error']:g}"


def official_column(title: str, name: str) -> Column:
    """A score of the official curve, marked where that stops early."""

    def text(row: Row, marks: Footnotes) -> str:
        if is_missing(row.get(name)):
            return DASH
        if is_missing(row["official_ends"]):
            return number(row[name])
        ends = f"The official curve stops after {row['official_ends']:.0f} epochs."
        return number(row[name]) + marks.marks(ends)

    return Column(title, text, name)


def many_text(row: Row, marks: Footnotes) -> str:
    """Mean ± sd (n) of reruns of which there are many."""
    e = estimate_in(row, "reruns")
    return f"{spread(e)} ({e.n}){marks.marks(*row['reruns_notes'])}" if e else DASH


def few_text(row: Row, marks: Footnotes) -> str:
    """Mean (n, range) of a few reruns."""
    e = estimate_in(row, "reruns")
    if e is None:
        return DASH
    ends = f", {number(e.low)}{DASH}{number(e.high)}" if e.n > 1 else ""
    return f"{number(e.mean)} ({e.n}{ends}){marks.marks(*row['reruns_notes'])}"


def rows_kept_apart(cells: Sequence[Cell], public: PublicRecord) -> pd.DataFrame:
    """Finished reruns of another recipe as rows of their own: a `label` and the columns of the reruns."""
    rows = []
    for cell in cells:
        found: dict[str, list[PublishedRun]] = {}
        for run in public.apart(*public_key(cell)):
            if run.complete:
                found.setdefault("; ".join(run.deviates), []).append(run)
        rows += [
            {"label": f"{optimizer_name(cell.optimizer)}: {reason}", **rerun_numbers(runs)}
            for reason, runs in found.items()
        ]
    return pd.DataFrame(rows)


def kept_apart_notes(part: GridResults, data: str, public: PublicRecord) -> list[str]:
    """One line per repository, optimizer and reason for the reruns that do not join and have no row of their own."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for cell in [c for c in part.cells if c.data == data]:
        for run in public.apart(*public_key(cell)):
            if run.complete and part.measure.many_reruns:
                continue
            value = f" (last 10: {number(run.last)})" if run.complete else ""
            reason = "; ".join(run.deviates) or f"unfinished, {len(run.test)} of {EPOCHS} epochs are left"
            found.setdefault((run.repository, cell.optimizer, reason), []).append(model_name(cell.model) + value)
    return [
        f"Kept apart: {optimizer_name(optimizer)} of {repository}, {', '.join(texts)}: {reason}."
        for (repository, optimizer, reason), texts in found.items()
    ]


def raw_public(cell: Cell, public: PublicRecord) -> Iterator[dict[str, Any]]:
    """Everything published of a cell, for the csv."""
    if reading := public.figure(*public_key(cell)):
        yield raw_number(cell, "figure", "end", reading.value, reading.source, f"reading error {reading.error:g}")
    if curve := public.official(*public_key(cell)):
        yield from raw_curve(cell, "official curve", curve)
    if joined := [run.last for run in public.joined(*public_key(cell))]:
        e = estimate(joined)
        assert e is not None
        yield raw_estimate(cell, "reruns", "last", Estimate(e.mean, e.sd, e.n, min(joined), max(joined)))
    for run in [r for r in public.reruns(*public_key(cell)) if r.complete]:
        yield from raw_curve(cell, "rerun" if run.joins else "rerun kept apart", run)


def raw_curve(cell: Cell, kind: str, run: PublishedRun) -> Iterator[dict[str, Any]]:
    """A published run's scores for the csv."""
    source, note = f"{run.repository} ({run.settings})", "; ".join(run.deviates + run.remarks)
    for name in SCORES:
        yield raw_number(cell, kind, name, getattr(run, name), source, note)
