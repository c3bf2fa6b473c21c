"""How every figure looks: its canvas, title, legend and bare axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import fill
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.text import Text

TITLE = 117  # characters of one point that an inch holds
CAPTION = 13  # characters of a caption that an inch holds
LABEL = 3.7  # inches of a legend's label
GRID = {"color": "0.92", "lw": 0.6}


def new_canvas(width: float, height: float, title: str, fontsize: float = 13) -> Canvas:
    """A canvas of so many inches with a title that is wrapped to its width. It lays its axes out by itself."""
    canvas = Canvas(figsize=(width, height), layout="constrained")
    canvas.suptitle(fill(title, int(TITLE / fontsize * width)), fontsize=fontsize)
    return canvas


def add_legend(
    canvas: Canvas, handles: Sequence[Any], labels: Sequence[str], caption: str, columns: int = 0, fontsize: float = 9
) -> None:
    """A legend below all axes, and above it the caption, both wrapped to the canvas's width; the caption alone where
    there is nothing to explain."""
    if not handles:
        add_caption(canvas, caption)
        return
    canvas.legend(
        handles=handles, labels=labels, loc="outside lower center", frameon=False, fontsize=fontsize,
        ncols=columns or min(len(labels), max(1, int(canvas.get_figwidth() / LABEL))),
        title=wrap_caption(canvas, caption),
    )  # fmt: skip


def add_caption(canvas: Canvas, caption: str) -> None:
    """A caption below all axes of a canvas without a legend."""
    canvas.supxlabel(wrap_caption(canvas, caption), fontsize=9)


def wrap_caption(canvas: Canvas, caption: str) -> str:
    return fill(caption, int(CAPTION * canvas.get_figwidth()))


def strip_axes(ax: Axes, grid: str = "y", spines: Sequence[str] = ("top", "right")) -> None:
    """Leave out what carries no information: all grid lines but those of one axis ("x", "y" or "both"), and spines."""
    ax.grid(axis=grid, **GRID)  # type: ignore[arg-type]
    ax.spines[list(spines)].set_visible(False)


def colour_ticks(texts: Sequence[Text], names: Sequence[str], colours: Mapping[str, str]) -> None:
    """Give tick labels their optimizers' colours, AdaBelief's in bold."""
    for text, name in zip(texts, names):
        text.set(color=colours[name], weight=font_weight(name))


def font_weight(optimizer: str) -> str:
    return "bold" if optimizer == "adabelief" else "normal"
