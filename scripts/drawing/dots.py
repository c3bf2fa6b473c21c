"""The paper's Table 2 as a dot plot: every published number with who measured it, and ours."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from textwrap import fill
from typing import Any

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from experiments.grid import Grid
from scripts.drawing.saving import save
from scripts.reading.names import COLOURS, optimizer_name
from scripts.reading.ours import Slice
from scripts.reading.printed import Printed, load_printed
from scripts.reading.statistic import estimate

CAPTION = (
    "Published top-1 accuracies of ResNet18 on ImageNet. Hollow ones were measured under another decay or schedule "
    "than the authors' own run of AdaBelief, so their distances are not the optimizers' alone."
)
HANDS = {"the authors": "s", "the authors, presumably": "s", "Chen et al., Padam": "D", "Liu et al., RAdam": "^"}
LABELS = {
    "s": "paper, the authors' own run (MSVAG: presumably)",
    "D": "paper, copied from Padam",
    "^": "paper, copied from RAdam",
}
RERUN, OURS = "x", "o"


def draw_dots(grid: Grid, parts: Sequence[Slice], folder: Path) -> tuple[str, list[Path]]:
    """Draw the public record of a grid without curves, our runs in it; title and paths."""
    names = list(dict.fromkeys(cell.optimizer for cell in parts[0].cells))
    canvas, ax = plt.subplots(figsize=(8.6, 0.42 * len(names) + 2.6), layout="constrained")
    for row in load_printed(grid.printed):
        mark(ax, names.index(row.optimizer), row)
    done = sum(ours(ax, part, names) for part in parts)
    have = f"{done} runs of ours among the public record" if done else "the public record, no run of ours yet"
    title = f"{grid.title}: {have}"
    ax.set_yticks(range(len(names)), [optimizer_name(name) for name in names])
    ax.invert_yaxis()
    ax.set_xlabel("top-1 accuracy on the validation images (%)")
    ax.grid(axis="x", color="0.92", lw=0.6)
    ax.spines[["top", "right"]].set_visible(False)
    canvas.suptitle(fill(title, 80), fontsize=12)
    handles, labels = ax.get_legend_handles_labels()
    keys = {label: Line2D([], [], ls="none", color="0.25", **shape(handle)) for label, handle in zip(labels, handles)}
    canvas.legend(
        keys.values(), keys.keys(), loc="outside lower center", ncols=3, frameon=False, fontsize=8.5,
        title=fill(CAPTION, 110), title_fontsize=8.5,
    )  # fmt: skip
    return title, save(canvas, folder, grid.name)


def shape(handle: Any) -> dict[str, Any]:
    """The marker of a legend's handle, without its colour."""
    line = handle[0] if isinstance(handle, tuple) else handle
    hollow = line.get_markerfacecolor() in ("none", "white")
    return {"marker": line.get_marker(), "mfc": "none" if hollow else None, "ms": 7}


def mark(ax: Axes, y: float, row: Printed) -> None:
    colour = COLOURS[row.optimizer]
    style: dict[str, Any]
    if row.kind == "rerun":
        label = "independent rerun, the authors' recipe" if row.joins else "rerun, another decay or schedule"
        style = {"marker": RERUN if row.joins else "+", "color": colour}
    else:
        style = {"marker": HANDS[row.measured_by], "mfc": colour if row.joins else "none", "mec": colour}
        label = LABELS[style["marker"]]
    ax.plot([row.value], [y], ls="none", ms=8, label=label, **style)


def ours(ax: Axes, part: Slice, names: Sequence[str]) -> int:
    """Our last epochs, a little below the published numbers; returns how many runs there are."""
    count = 0
    for cell in part.cells:
        values = list(part.scores(cell, "final").values())
        if e := estimate(values):
            clean = part.protocol == "clean"
            y = names.index(cell.optimizer) + (0.3 if clean else 0.18)
            ax.errorbar(
                [e.mean], [y], xerr=None if e.sd is None else [e.sd], ls="none", marker=OURS, ms=6, capsize=2,
                color=COLOURS[cell.optimizer], mfc="white" if clean else None,
                label="ours, same decay for all" if clean else "ours, paper protocol",
            )  # fmt: skip
            count += len(values)
    return count
