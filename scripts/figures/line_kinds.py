"""The kinds of lines: whose scores they are, how they look and what the legend says of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from scripts.figures.curves import Line

BAND = 0.2  # opacity of a spread


@dataclass(frozen=True)
class LineKind:
    """legend: what it shows; curve: matplotlib's properties of a line through all epochs; points: what marks single
    epochs besides."""

    legend: str
    curve: dict[str, Any]
    points: dict[str, Any] = field(default_factory=dict)


# In the order of the legend. Ours are drawn over the official curves, those over reruns.
LINE_KINDS = {
    "ours": LineKind("ours, mean over seeds (band or bar: ± sd)", {"lw": 1.3, "zorder": 5}, {"marker": "o", "ms": 4}),
    "seed": LineKind(
        "ours, one of several seeds", {"lw": 0.8, "alpha": 0.75, "zorder": 5}, {"marker": "o", "ms": 3}
    ),
    "diverged": LineKind("ours, a seed that diverged (cross: its last epoch)", {"lw": 1.0, "ls": ":", "zorder": 4}),
    "official": LineKind(
        "official curve (one run)", {"lw": 1.0, "ls": (0, (4, 2)), "zorder": 3}, {"marker": "s", "mfc": "none", "ms": 8}
    ),
    "rerun": LineKind(
        "independent rerun (one run)", {"lw": 0.75, "alpha": 0.75, "zorder": 2}, {"marker": "x", "ms": 5}
    ),
    "reruns": LineKind(
        "a repository's three or five runs, mean (band: ± sd)", {"lw": 0.75, "alpha": 0.75, "zorder": 2}
    ),
}  # fmt: skip
OURS = ("ours", "seed", "diverged")


def line_style(kind: str, points: bool) -> dict[str, Any]:
    """matplotlib's properties of a kind of line, with markers where single `points` are shown."""
    cross = {"marker": "x"} if kind == "diverged" and points else {}
    return LINE_KINDS[kind].curve | (LINE_KINDS[kind].points if points else {}) | cross


def kinds_of(lines: Iterable[Line]) -> list[str]:
    """The kinds among the lines, in the order of the legend."""
    found = {line.kind for line in lines}
    return [kind for kind in LINE_KINDS if kind in found]


def legend_text(kind: str, lines: Sequence[Line]) -> str:
    """What the legend says of a kind; without a spread anywhere our lines are single runs."""
    spread = any(any(line.sd) for line in lines if line.kind == kind)
    return LINE_KINDS[kind].legend if kind != "ours" or spread else "ours, one seed"


def legend_handle(kind: str, points: bool) -> Line2D | tuple[Line2D, Patch]:
    """The legend's sample of a kind: a line, with a band where there is one."""
    style = line_style(kind, points) | ({"marker": "x"} if kind == "diverged" else {})
    line = Line2D([], [], color="0.25", **style)
    return (line, Patch(color="0.25", alpha=BAND, lw=0)) if kind == "reruns" else line
