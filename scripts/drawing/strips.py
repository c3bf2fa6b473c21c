"""Draw a strip: a row of dots for each optimizer."""

from __future__ import annotations

from statistics import mean

from matplotlib.axes import Axes

from scripts.drawing.series import Strip
from scripts.reading.names import colour, optimizer_name


def draw_strip(ax: Axes, strip: Strip) -> None:
    """Optimizers from top to bottom, the first one's mean as a line; what is too bad for the axis as an arrow at its
    edge, with its mean."""
    across = ax.get_yaxis_transform()  # from edge to edge, at an optimizer's height
    for y, (name, values) in enumerate(strip.values.items()):
        if name in strip.below:
            left = mean(values) < strip.low
            ax.plot(0.01 if left else 0.99, y, "<" if left else ">", ms=5, color=colour(name), transform=across)
            ax.text(
                0.04 if left else 0.96, y, f"{mean(values):.1f}", transform=across, va="center",
                ha="left" if left else "right", fontsize=8.5, color=colour(name),
            )  # fmt: skip
        else:
            ax.plot(values, [y] * len(values), "o", ms=5, alpha=0.85, color=colour(name))
            ax.plot([mean(values)] * 2, [y - 0.3, y + 0.3], lw=1.3, color=colour(name))
    if first := next(iter(strip.values.values()), []):
        ax.axvline(mean(first), color="0.8", lw=0.8, zorder=0)
    ax.set(title=strip.title, xlabel=strip.xlabel, xlim=(strip.low, strip.high), ylim=(len(strip.values) - 0.5, -0.5))
    ax.yaxis.tick_right()
    ax.set_yticks(range(len(strip.values)), [optimizer_name(name) for name in strip.values], fontsize=8.5)
    for text, name in zip(ax.get_yticklabels(), strip.values):
        text.set(color=colour(name), weight="bold" if name == "adabelief" else "normal")
    ax.tick_params(axis="y", length=0, pad=8)
    ax.grid(axis="x", color="0.92", lw=0.6)
    ax.spines[["top", "right", "left"]].set_visible(False)
