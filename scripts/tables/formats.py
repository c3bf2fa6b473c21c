"""How numbers become texts: the only place where a table's figures get their digits, signs, dashes and intervals."""

from __future__ import annotations

import math

from scripts.loading.statistics import Estimate, estimate_in, is_missing
from scripts.tables.footnotes import Footnotes
from scripts.tables.table import Column, Row

DASH, MINUS = "\u2013", "\u2212"  # a missing cell or a range; a number's sign


def number(value: float | None, digits: int = 2) -> str:
    """A number with so many decimals; a dash for none, and for one that is not finite."""
    return DASH if value is None or not math.isfinite(value) else f"{value:.{digits}f}"


def signed(value: float | None, digits: int = 2) -> str:
    """With a sign, a true minus, and neither for what rounds to zero."""
    if value is None or math.isnan(value):
        return DASH
    text = f"{value:+.{digits}f}"
    return text.replace("-", MINUS) if float(text) else text[1:]


def spread(e: Estimate | None, digits: int = 2) -> str:
    """Mean ± sd; the mean alone for one value."""
    if e is None:
        return DASH
    return number(e.mean, digits) if e.sd is None else f"{number(e.mean, digits)} ± {number(e.sd, digits)}"


def interval(e: Estimate | None) -> str:
    """A difference with its 95 % interval, where there is one."""
    if e is None:
        return DASH
    return signed(e.mean) if e.low is None else f"{signed(e.mean)} [{signed(e.low)}, {signed(e.high)}]"


def span(low: float, high: float) -> str:
    """The ends of a range; one number where both are the same."""
    return number(low) if low == high else f"{number(low)}{DASH}{number(high)}"


def word_column(title: str, name: str, needs: str = "") -> Column:
    """A text, or a number told as it is; a dash for none."""
    return Column(title, lambda row, marks: DASH if is_missing(row.get(name)) else str(row[name]), needs)


def count_column(title: str, name: str, needs: str = "") -> Column:
    """A whole number; a dash for none."""
    return Column(title, lambda row, marks: DASH if is_missing(row.get(name)) else str(int(row[name])), needs)


def number_column(title: str, name: str, digits: int = 2, needs: str = "") -> Column:
    """A number with so many decimals; a dash for none."""
    return Column(title, lambda row, marks: number(row.get(name), digits), needs)


def signed_column(title: str, name: str, needs: str = "") -> Column:
    """A difference without an interval."""
    return Column(title, lambda row, marks: signed(row.get(name)), needs)


def spread_column(title: str, name: str, needs: str = "") -> Column:
    """Mean ± sd of the estimate `name`."""
    return Column(title, lambda row, marks: spread(estimate_in(row, name)), needs)


def interval_column(title: str, name: str, needs: str = "") -> Column:
    """The estimate `name` as a difference with its interval."""
    return Column(title, lambda row, marks: interval(estimate_in(row, name)), needs)


def score_column(title: str, name: str) -> Column:
    """A score of our runs, mean ± sd; says so where all of them diverged."""

    def text(row: Row, marks: Footnotes) -> str:
        if not row.get("complete"):
            return "diverged" if row.get("diverged") else DASH
        return spread(estimate_in(row, name))

    return Column(title, text)


def run_count_column(title: str = "n") -> Column:
    """ "3", "2 + 1 diverged"; a footnote where they come from several machines or commits."""

    def text(row: Row, marks: Footnotes) -> str:
        complete, diverged = (0 if is_missing(row.get(name)) else int(row[name]) for name in ("complete", "diverged"))
        count = str(complete) if complete else ("0" if diverged else DASH)
        if diverged:
            count += f" + {diverged} diverged"
        return count + origin_mark(row, marks)

    return Column(title, text)


def origin_mark(row: Row, marks: Footnotes) -> str:
    """The footnote of a row whose runs come from several machines or commits."""
    origin = row.get("origin")
    return "" if is_missing(origin) else marks.marks(f"{origin[0].upper()}{origin[1:]}.")  # type: ignore[index]
