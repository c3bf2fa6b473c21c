"""Draw a strip: a row of dots for each optimizer."""

from __future__ import annotations

from statistics import mean

from matplotlib.axes import Axes

from scripts.drawing.end_scores import Strip
from scripts.reading.names import colour, optimizer_name


def draw_strip(ax: Axes, strip: Strip) -> None:
    """Optimizers from top to bottom, AdaBelief's mean as a line; what is too bad for the axis as an arrow at its worse
    edge, with its mean."""
    edge, side, inwards = (0.0, "left", 1) if strip.better > 0 else (1.0, "right", -1)
    across = ax.get_yaxis_transform()  # from edge to edge, at an optimizer's height
    for y, (name, values) in enumerate(strip.values.items()):
        if name in strip.diverged:
            ax.plot(edge, y, "x", ms=6, color=colour(name), transform=across, clip_on=False)
        if name in strip.below:
            text, arrow = f"{mean(values):.1f}", "<" if inwards > 0 else ">"
            ax.plot(edge + 0.03 * inwards, y, arrow, ms=5, color=colour(name), transform=across)
            x = edge + 0.05 * inwards
            ax.text(x, y, text, transform=across, va="center", ha=side, fontsize=8.5, color=colour(name))
        elif values:
            ax.plot(values, [y] * len(values), "o", ms=5, alpha=0.85, color=colour(name))
            ax.plot([mean(values)] * 2, [y - 0.3, y + 0.3], lw=1.3, color=colour(name))
    if found := strip.values.get("adabelief"):
        ax.axvline(mean(found), color="0.8", lw=0.8, zorder=0)
    ax.set(title=strip.title, xlabel=strip.xlabel, xlim=(strip.low, strip.high), ylim=(len(strip.values) - 0.5, -0.5))
    ax.yaxis.tick_right()
    ax.set_yticks(range(len(strip.values)), [optimizer_name(name) for name in strip.values], fontsize=8.5)
    for label, name in zip(ax.get_yticklabels(), strip.values):
        label.set(color=colour(name), weight="bold" if name == "adabelief" else "normal")
    ax.tick_params(axis="y", length=0, pad=8)
    ax.grid(axis="x", color="0.92", lw=0.6)
    ax.spines[["top", "right", "left"]].set_visible(False)
