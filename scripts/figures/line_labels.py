"""The names at the ends of lines, placed so that none covers another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from scripts.figures.canvas import font_weight
from scripts.figures.curves import Panel
from scripts.loading.display import optimizer_name

GAP = 0.052  # least distance of two labels, in panel heights
LEFT = 1.06  # where labels begin, in panel widths
LEADER = 0.5  # width of the line from a label to its curve, in points


def draw_line_labels(ax: Axes, panel: Panel, colours: Mapping[str, str]) -> None:
    """Write each optimizer's name beside the end of its line: that of ours, else of the official curve, else of a
    rerun."""
    ends = {line.optimizer: line.values[-1] for line in panel.lines}  # the lines come in that order
    heights = {name: (value - panel.low) / (panel.high - panel.low) for name, value in ends.items()}
    names = sorted(heights, key=lambda name: heights[name])
    leaders = []
    for name, y in zip(names, spread_labels([heights[name] for name in names])):
        leaders.append([(1.0, min(max(heights[name], 0.0), 1.0)), (LEFT - 0.005, y)])
        ax.text(
            LEFT, y, optimizer_name(name), transform=ax.transAxes, color=colours[name], fontsize=8.5, va="center",
            weight=font_weight(name),
        )  # fmt: skip
    lines = LineCollection(leaders, colors=[colours[name] for name in names], linewidths=LEADER, clip_on=False)
    lines.set_transform(ax.transAxes)
    lines.set_in_layout(False)  # labels reach further, and measuring leaders takes longer than all else
    ax.add_collection(lines, autolim=False)


def spread_labels(heights: Sequence[float]) -> list[float]:
    """Ascending heights within 0 to 1, moved as little as needed to stand GAP apart: neighbours that touch form a
    block that is centred on the mean of its members' own heights."""
    blocks: list[list[float]] = []
    for height in heights:
        blocks.append([min(max(height, 0.0), 1.0)])
        while len(blocks) > 1 and lowest(blocks[-1]) < lowest(blocks[-2]) + GAP * len(blocks[-2]):
            blocks[-2:] = [blocks[-2] + blocks[-1]]
    return [lowest(block) + GAP * i for block in blocks for i in range(len(block))]


def lowest(block: list[float]) -> float:
    """The height of a block's lowest label, so that the block is kept inside the panel."""
    height = GAP * (len(block) - 1)
    return min(max(sum(block) / len(block) - height / 2, 0.0), 1.0 - height)
