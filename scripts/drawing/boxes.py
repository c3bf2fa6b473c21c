"""Plots of generative models: the paper's Fig. 6 with our runs in it, and sheets of samples."""

from __future__ import annotations

from math import sqrt
from pathlib import Path
from textwrap import fill

from matplotlib import image
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullFormatter, ScalarFormatter

from scripts.drawing.distances import Boxes, BoxFigure, Sheet
from scripts.drawing.saving import save
from scripts.reading.names import COLOURS, optimizer_name

PAPER = "0.55"  # the paper's boxes are grey, ours have their optimizer's colour
COLUMNS = 4  # of a sheet
SPAN = 2  # the ends of an axis differ by this factor at least


def draw_boxes(figure: BoxFigure, folder: Path) -> list[Path]:
    widths = [len(panel.optimizers) + 1.5 for panel in figure.panels]
    size = (0.62 * sum(widths) + 1.5, 5.4)
    canvas, axes = plt.subplots(
        1, len(widths), figsize=size, squeeze=False, layout="constrained", width_ratios=widths
    )  # fmt: skip
    for ax, panel in zip(axes[0], figure.panels):
        draw_panel(ax, panel)
    canvas.suptitle(fill(figure.title, int(9 * size[0])), fontsize=13)
    have = {
        "ours": any(any(p.ours.values()) for p in figure.panels), "paper": any(p.paper for p in figure.panels),
        "table": any(p.table for p in figure.panels), "limit": any(p.limit for p in figure.panels),
    }  # fmt: skip
    keys = {
        "ours": Line2D([], [], color="0.1", marker="o", ls="", label="ours (one run)"),
        "paper": Line2D([], [], color=PAPER, marker="s", mfc="none", ls="", label="paper, Fig. 6, as read (one run)"),
        "table": Line2D([], [], color=PAPER, marker="D", mfc="none", ls="", label="paper, Table 3 (mean ± sd)"),
        "limit": Line2D([], [], color="0.4", ls="--", label="about half of an untrained generator's"),
    }
    canvas.legend(
        handles=[keys[name] for name in keys if have[name]], loc="outside lower center", ncols=4, frameon=False,
        fontsize=9, title=fill(figure.caption, int(13 * size[0])),
    )  # fmt: skip
    return save(canvas, folder, figure.name)


def draw_panel(ax: Axes, panel: Boxes) -> None:
    for x, optimizer in enumerate(panel.optimizers):
        colour = COLOURS.get(optimizer, "#777777")
        draw_runs(ax, x - 0.2 if panel.paper or panel.table else x, panel.ours.get(optimizer, []), colour, "o")
        draw_runs(ax, x + 0.2, panel.paper.get(optimizer, []), PAPER, "s")
        if found := panel.table.get(optimizer):
            ax.errorbar(x + 0.2, found.mean, found.sd, color=PAPER, marker="D", mfc="none", capsize=3)
    if panel.limit:
        ax.axhline(panel.limit, color="0.4", ls="--", lw=0.8, zorder=0)
    ax.set_yscale("log")
    low, high = ax.get_ylim()
    widen = max(1.0, sqrt(SPAN * low / high))  # or two points alone would fill a panel, however close
    ax.set_ylim(low / widen, high * widen)
    ax.yaxis.set_major_locator(LogLocator(subs=(1, 1.2, 1.5, 2, 3, 5, 7)))
    ax.yaxis.set_major_formatter(ScalarFormatter())
    ax.yaxis.set_minor_formatter(NullFormatter())
    names = [optimizer_name(optimizer) for optimizer in panel.optimizers]
    ax.set_xticks(range(len(names)), names, rotation=60, ha="right", rotation_mode="anchor")
    ax.set(title=panel.title, ylabel=panel.ylabel, xlim=(-0.7, len(names) - 0.3))
    ax.grid(axis="y", color="0.92", lw=0.6)
    ax.spines[["top", "right"]].set_visible(False)


def draw_runs(ax: Axes, x: float, values: list[float], colour: str, marker: str) -> None:
    """A box of the middle half from three runs on, and every run as a point."""
    if len(values) > 2:
        line = {"color": colour}
        ax.boxplot(
            [values], positions=[x], widths=0.32, showfliers=False, whis=(0, 100), manage_ticks=False,
            boxprops=line, medianprops=line, whiskerprops=line, capprops=line,
        )  # fmt: skip
    ax.plot([x] * len(values), values, marker, color=colour, ms=4, mfc="none" if marker == "s" else colour)


def draw_sheet(sheet: Sheet, folder: Path) -> list[Path]:
    rows = -(-len(sheet.samples) // COLUMNS)
    columns = min(COLUMNS, len(sheet.samples))
    canvas, axes = plt.subplots(
        rows, columns, figsize=(2.6 * columns, 2.8 * rows + 0.5), squeeze=False, layout="constrained"
    )
    for ax in axes.flat:
        ax.axis("off")
    for ax, (label, path) in zip(axes.flat, sheet.samples):
        ax.imshow(image.imread(path), interpolation="nearest")
        ax.set_title(label, fontsize=10)
    canvas.suptitle(fill(sheet.title, 24 * columns), fontsize=12)
    return save(canvas, folder, sheet.name)
