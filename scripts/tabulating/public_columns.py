"""The public record of a cell as columns of a table, and of what is kept apart as notes under it."""

from __future__ import annotations

from typing import Any

from experiments.cell import Cell
from scripts.reading.names import model_name, optimizer_name
from scripts.reading.ours import SCORES, Slice
from scripts.reading.public_record import Curve, PublicRecord
from scripts.reading.statistic import estimate
from scripts.tabulating.layout import DASH, Footnotes, number, spread
from scripts.tabulating.raw import entry, key_of, plain

COLUMNS = ["figure", "official final", "official best", "official last 10", "reruns last 10"]


def public_cells(cell: Cell, public: PublicRecord, marks: Footnotes) -> tuple[list[str], list[dict[str, Any]]]:
    """The columns of COLUMNS, and the numbers behind them."""
    texts, values = [DASH] * len(COLUMNS), []
    if reading := public.figure(*key_of(cell)):
        texts[0] = f"{reading.value:g} ± {reading.error:g}"
        values.append(plain(cell, "figure", "end", reading.value, reading.source, f"reading error {reading.error:g}"))
    if curve := public.official(*key_of(cell)):
        texts[1:4] = [number(getattr(curve, name)) for name in SCORES]
        if not curve.complete:
            ends = f"The official curve stops after {len(curve.test)} epochs."
            texts[1:4] = [f"{text} [{marks.mark(ends, ends)}]" for text in texts[1:4]]
        source = f"{curve.repository} ({curve.settings})"
        values += [plain(cell, "official curve", name, getattr(curve, name), source) for name in SCORES]
    if joined := public.joined(*key_of(cell)):
        texts[4] = rerun_text(joined, marks)
        last = [run.last for run in joined]
        values.append({**entry(cell, "reruns", "last", estimate(last)), "low": min(last), "high": max(last)})
    for run in [r for r in public.reruns(*key_of(cell)) if r.complete]:
        kind = "rerun" if run.joins else "rerun kept apart"
        source = f"{run.repository} ({run.settings})"
        note = "; ".join(run.deviates + run.remarks)
        values += [plain(cell, kind, name, getattr(run, name), source, note) for name in SCORES]
    return texts, values


def rerun_text(runs: list[Curve], marks: Footnotes) -> str:
    """Mean (n, range) of last-10 values; of perplexities, which come with up to nine runs a cell, mean ± sd (n)."""
    last = [run.last for run in runs]
    letters = ", ".join(dict.fromkeys(marks.mark(str((r.repository, r.remarks)), footnote(r)) for r in runs))
    if runs[0].better == "min":
        return f"{spread(estimate(last))} ({len(last)}) [{letters}]"
    span = f", {number(min(last))}{DASH}{number(max(last))}" if len(last) > 1 else ""
    return f"{number(sum(last) / len(last))} ({len(last)}{span}) [{letters}]"


def footnote(run: Curve) -> str:
    return f"{run.repository}{': ' if run.remarks else ''}{'; '.join(run.remarks)}."


def apart_rows(cells: list[Cell], public: PublicRecord, marks: Footnotes, width: int) -> list[list[str]]:
    """Finished reruns of another recipe as rows of their own: dashes but for the last column of COLUMNS."""
    rows = []
    for cell in cells:
        found: dict[str, list[Curve]] = {}
        for run in public.apart(*key_of(cell)):
            if run.complete:
                found.setdefault("; ".join(run.deviates), []).append(run)
        for reason, runs in found.items():
            texts = [DASH] * (width - len(COLUMNS) - 3) + [DASH] * (len(COLUMNS) - 1) + [rerun_text(runs, marks)]
            rows.append([f"{optimizer_name(cell.optimizer)}: {reason}", *texts, DASH, DASH])
    return rows


def apart_notes(part: Slice, data: str, public: PublicRecord) -> list[str]:
    """One line per repository, optimizer and reason for the reruns that do not join and have no row of their own."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for cell in [c for c in part.cells if c.data == data]:
        for run in public.apart(*key_of(cell)):
            if run.complete and run.better == "min":
                continue
            value = f" (last 10: {number(run.last)})" if run.complete else ""
            reason = "; ".join(run.deviates) or f"unfinished, {len(run.test)} of 200 epochs are left"
            found.setdefault((run.repository, cell.optimizer, reason), []).append(model_name(cell.model) + value)
    return [
        f"Kept apart: {optimizer_name(optimizer)} of {repository}, {', '.join(texts)}: {reason}."
        for (repository, optimizer, reason), texts in found.items()
    ]
