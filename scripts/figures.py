"""Figures of a grid from everything at hand: scores per epoch, ours over the public record.

    python -m scripts.figures [--grid cifar,gan] [--scale full] [--out DIR] [--archive-only]

Full scale: the panels of the paper's Fig. 4 and 5, one figure per data set. Smaller scales and the first epochs get
figures of their own once there are runs to show. Each comes as png and pdf.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from textwrap import fill
from typing import Any

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from experiments.cli import guarded
from experiments.grid import Grid
from scripts.drawing.boxes import draw_boxes, draw_sheet
from scripts.drawing.distances import distance_figures
from scripts.drawing.dots import draw_dots
from scripts.drawing.labels import spaced
from scripts.drawing.pictures import pictures
from scripts.drawing.saving import save
from scripts.drawing.sensitivity import draw_maps
from scripts.drawing.series import Figure, Line, Panel
from scripts.drawing.strips import draw_strip
from scripts.drawing.studies import draw_studies
from scripts.reading.arguments import asked_grids, parser
from scripts.reading.measure import measure_of
from scripts.reading.names import colour, optimizer_name
from scripts.reading.ours import PROTOCOLS, read_slice, stores
from scripts.reading.public_record import load_public_record
from scripts.reading.sensitivity import read_maps
from scripts.reading.studies import read_results

STYLES: dict[str, dict[str, Any]] = {
    "rerun": {"lw": 0.75, "alpha": 0.75, "zorder": 2},
    "reruns": {"lw": 0.75, "alpha": 0.75, "zorder": 2},
    "official": {"lw": 1.0, "ls": (0, (4, 2)), "zorder": 3},
    "diverged": {"lw": 1.0, "ls": ":", "zorder": 4},
    "seed": {"lw": 0.8, "alpha": 0.75, "zorder": 5},
    "ours": {"lw": 1.3, "zorder": 5},
}
POINTS = {
    "rerun": {"marker": "x", "ms": 5},
    "official": {"marker": "s", "mfc": "none", "ms": 8},
    "seed": {"marker": "o", "ms": 3},
    "ours": {"marker": "o", "ms": 4},
}
KINDS = {
    "ours": "ours, mean over seeds (band or bar: ± sd)", "seed": "ours, one of several seeds",
    "diverged": "ours, a seed that diverged (cross: its last epoch)",
    "official": "official curve (one run)", "rerun": "independent rerun (one run)",
    "reruns": "a repository's three or five runs, mean (band: ± sd)",
}  # fmt: skip
REMARK = 46  # characters that a panel holds
LEADER = {"arrowstyle": "-", "lw": 0.5, "shrinkA": 1, "shrinkB": 0, "relpos": (0, 0.5)}  # from a label to its line


def draw(figure: Figure, folder: Path) -> list[Path]:
    """Draw a figure; returns the paths of its png and pdf."""
    extra = int(bool(figure.strips))
    rows, columns = len(figure.rows) + extra, max(map(len, figure.rows))
    size = (1.55 * columns + 0.6, 2.6 * rows + 1.4) if figure.points else (5.2 * columns, 3.9 * rows + 1.3 - extra)
    heights = None if figure.points else {"height_ratios": [0.9] * extra + [1.35, 1]}
    canvas, axes = plt.subplots(rows, columns, figsize=size, squeeze=False, layout="constrained", gridspec_kw=heights)
    for ax, strip in zip(axes[0], figure.strips):
        draw_strip(ax, strip)
    for ax in axes[0][len(figure.strips) :] if extra else ():
        ax.set_axis_off()
    for row, places in zip(figure.rows, axes[extra:]):
        for panel, ax in zip(row, places):
            (draw_points if figure.points else draw_curves)(ax, panel)
        for ax in places[len(row) :]:
            ax.set_axis_off()
    canvas.suptitle(fill(figure.title, int(9 * size[0])), fontsize=13)  # characters that an inch holds
    caption = fill(figure.caption, int(13 * size[0]))
    keys = [key(kind, figure.points) for kind in figure.kinds]
    canvas.legend(
        handles=keys,
        labels=[label(kind, figure) for kind in figure.kinds],
        loc="outside lower center",
        ncols=min(len(keys), max(1, int(size[0] / 3.7))),  # an inch holds 16 of a label's characters
        frameon=False,
        fontsize=9,
        title=caption,
    )
    return save(canvas, folder, figure.name)


def label(kind: str, figure: Figure) -> str:
    """The legend's words; without a spread anywhere ours are single runs."""
    lines = [line for row in figure.rows for panel in row for line in panel.lines if line.kind == kind]
    return KINDS[kind] if kind != "ours" or any(any(line.sd) for line in lines) else "ours, one seed"


def key(kind: str, points: bool) -> Line2D | tuple[Line2D, Patch]:
    """The legend's sample: a line, with a band where there is one."""
    line = Line2D([], [], color="0.25", **key_style(kind, points))
    return (line, Patch(color="0.25", alpha=0.2, lw=0)) if kind == "reruns" else line


def key_style(kind: str, points: bool) -> dict[str, Any]:
    return STYLES[kind] | (POINTS.get(kind, {}) if points else {}) | ({"marker": "x"} if kind == "diverged" else {})


def draw_curves(ax: Axes, panel: Panel) -> None:
    for line in panel.lines:
        ax.plot(line.epochs, line.values, color=colour(line.optimizer), **STYLES[line.kind])
        if line.kind == "diverged":  # where it ended, though that be below the panel
            end = min(max(line.values[-1], panel.low), panel.high)
            ax.plot(line.epochs[-1:], [end], "x", color=colour(line.optimizer), ms=7, mew=1.5, clip_on=False, zorder=9)
        if any(line.sd):
            low, high = ([v + sign * s for v, s in zip(line.values, line.sd)] for sign in (-1, 1))
            ax.fill_between(line.epochs, low, high, color=colour(line.optimizer), alpha=0.2, lw=0, zorder=1)
    for drop in panel.drops:
        ax.axvline(drop, color="0.8", lw=0.8, zorder=0)
    ax.set(title=panel.title, xlabel="epoch", ylabel=panel.ylabel, ylim=(panel.low, panel.high))
    ax.set_xlim(0, max((line.epochs[-1] for line in panel.lines), default=1))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.grid(axis="y", color="0.92", lw=0.6)
    ax.spines[["top", "right"]].set_visible(False)
    if panel.remark:
        box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 2}
        text = fill(panel.remark, REMARK)
        ends = [line.values[-1] for line in panel.lines]
        falling = sum(ends) < len(ends) * (panel.low + panel.high) / 2  # the curves end below, so it stands above them
        y, va = (0.97, "top") if falling else (0.03, "baseline")
        ax.text(0.99, y, text, transform=ax.transAxes, ha="right", va=va, fontsize=8, color="0.25", zorder=9, bbox=box)
    label_ends(ax, panel)


def label_ends(ax: Axes, panel: Panel) -> None:
    """Each optimizer's name beside the end of its line; ours speaks before the official curve, that before a rerun."""
    ends: dict[str, Line] = {line.optimizer: line for line in panel.lines}  # the lines come in that order
    heights = {name: (line.values[-1] - panel.low) / (panel.high - panel.low) for name, line in ends.items()}
    for (name, height), y in zip(sorted(heights.items(), key=lambda item: item[1]), spaced(sorted(heights.values()))):
        ax.annotate(
            optimizer_name(name), xy=(1, min(max(height, 0), 1)), xytext=(1.06, y), xycoords="axes fraction",
            textcoords="axes fraction", color=colour(name), fontsize=8.5, va="center", annotation_clip=False,
            weight="bold" if name == "adabelief" else "normal",
            arrowprops={**LEADER, "color": colour(name)},
        )  # fmt: skip


def draw_points(ax: Axes, panel: Panel) -> None:
    for line in panel.lines:
        style = {"color": colour(line.optimizer), **key_style(line.kind, points=True)}
        ax.errorbar(line.epochs, line.values, yerr=line.sd if any(line.sd) else None, capsize=2, **style)
    last = max((line.epochs[-1] for line in panel.lines), default=0)
    ax.set(xlim=(-0.5, last + 0.5), ylim=(panel.low, panel.high), xticks=range(last + 1))
    ax.set_title(panel.title, fontsize=9)
    ax.set_xlabel("epoch", fontsize=8)
    ax.tick_params(labelsize=8, labelleft=bool(panel.ylabel))
    ax.set_ylabel(panel.ylabel, fontsize=8.5)
    ax.grid(axis="y", color="0.92", lw=0.6)
    ax.spines[["top", "right"]].set_visible(False)


def main(words: Sequence[str]) -> int:
    call = parser("scripts.figures", "Draw the figures of a grid.", "results/local/figures").parse_args(words)
    for grid, scales in asked_grids(call):
        for title, paths in drawn(grid, scales, stores(call.archive_only), call.out):
            print(f"{paths[0].with_suffix('')}.{{png,pdf}}  {title}")
    if call.studies:
        roots = stores(call.archive_only)
        found = [*draw_studies(read_results(roots), call.out), *draw_maps(read_maps(roots), call.out)]
        for title, paths in found:
            print(f"{paths[0].with_suffix('')}.{{png,pdf}}  {title}")
    return 0


def drawn(grid: Grid, scales: Sequence[str], roots: Sequence[Path], out: Path) -> Iterator[tuple[str, list[Path]]]:
    """Draw a grid's figures: title and paths of each."""
    if measure_of(grid).name == "distance":
        boxes, sheets = distance_figures(grid, scales, roots)
        yield from ((figure.title, draw_boxes(figure, out)) for figure in boxes)
        yield from ((sheet.title, draw_sheet(sheet, out)) for sheet in sheets)
        return
    if grid.printed and "full" in scales:
        yield draw_dots(grid, [read_slice(grid, "full", protocol, roots) for protocol in PROTOCOLS], out)
        scales = [scale for scale in scales if scale != "full"]
    for figure in pictures(grid, scales, roots, load_public_record()):
        yield figure.title, draw(figure, out)


if __name__ == "__main__":
    guarded(lambda: main(sys.argv[1:]))
