"""What the figures of generative models show, as numbers: distances by optimizer, and the last samples of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf
from pathlib import Path

from experiments.grid import Grid
from scripts.reading.distances import Distance, load_distances
from scripts.reading.names import data_name, optimizer_name, setting_name
from scripts.reading.ours import PROTOCOLS, Slice, read_slice
from scripts.tabulating.distances import NAMES, by_setting

CAPTIONS = {
    "full": "Every point is a run's FID after its last epoch, every box holds the middle half of five; lower is "
    "better. The axes are logarithmic. SN-GAN: the paper's Table 3 (mean ± sd), ours the best of the checkpoints as "
    "there.",
    "small": "Frechet distance in the features of a small classifier of CIFAR-10, not the FID; narrower networks, "
    "fewer epochs: values not comparable with the paper, so its boxes are not drawn. Logarithmic axes. Dashed: "
    "about half of an untrained generator's.",
    "quick": "Frechet distance between pixels, on digits of 8 pixels: a check of the pipeline, not comparable with the "
    "paper. Logarithmic axes. Dashed: about half of an untrained generator's.",
}


@dataclass
class Boxes:
    """One panel: for each optimizer our runs' distances, the paper's, and what its table or a rerun says."""

    title: str
    ylabel: str
    optimizers: list[str]
    ours: dict[str, list[float]]
    paper: dict[str, list[float]] = field(default_factory=dict)
    table: dict[str, Distance] = field(default_factory=dict)
    limit: float | None = None


@dataclass
class BoxFigure:
    name: str
    title: str
    caption: str
    panels: list[Boxes]


@dataclass
class Sheet:
    """Sample grids to be laid side by side: (label, PNG)."""

    name: str
    title: str
    samples: list[tuple[str, Path]]


def distance_figures(grid: Grid, scales: Sequence[str], roots: Sequence[Path]) -> tuple[list[BoxFigure], list[Sheet]]:
    """The full scale's boxes always, the others where there are runs; sheets where there are samples."""
    figures, sheets = [], []
    for scale in scales:
        for protocol in PROTOCOLS:
            part = read_slice(grid, scale, protocol, roots)
            clean = "" if protocol == "paper" else f"_{protocol}"
            if not part.is_empty or (scale == "full" and protocol == "paper"):
                title = f"Generative models, {scale} scale{clean.replace('_', ', ')}: {runs(part)}"
                panels = [p for s in by_setting(part.cells) if (p := panel(grid, part, s))]
                figures.append(BoxFigure(f"{NAMES[scale]}{clean}", title, CAPTIONS[scale], panels))
            sheets += [sheet(part, s, clean) for s in by_setting(part.cells)]
    return figures, [s for s in sheets if s.samples]


def runs(part: Slice) -> str:
    count = sum(len(part.finished(cell)) for cell in part.cells)
    return f"{count} runs of ours" if count else "the public record, no run of ours yet"


def panel(grid: Grid, part: Slice, setting: str) -> Boxes | None:
    cells = by_setting(part.cells)[setting]
    public = part.scale == "full" and part.protocol == "paper"
    found = load_distances()[0] if public else {}
    paper = {c.optimizer: d for c in cells if (d := found.get((setting, c.optimizer)))}
    name = "best" if any(d.of_best for d in paper.values()) else "final"
    ours = {cell.optimizer: list(part.scores(cell, name).values()) for cell in cells}
    shown = [cell.optimizer for cell in cells if ours[cell.optimizer] or cell.optimizer in paper]
    if not shown:
        return None
    limit = grid.bound("at_most", cells[0], inf)
    return Boxes(
        f"{setting_name(setting)} on {data_name(cells[0].data)}", "FID" if part.scale == "full" else "Frechet distance",
        shown, ours, {k: list(d.runs) for k, d in paper.items() if d.runs},
        {k: d for k, d in paper.items() if not d.runs}, limit if part.scale != "full" else None,
    )  # fmt: skip


def sheet(part: Slice, setting: str, clean: str) -> Sheet:
    """The last samples of each optimizer's first seed that has any."""
    samples = []
    for cell in by_setting(part.cells)[setting]:
        for record in part.finished(cell):
            if kept := sorted(record.folder.glob("samples/epoch=*.png")):
                final = (record.summary or {})["scores"]["final"]
                score = "diverged" if final is None else f"{final:.3g}"
                samples.append((f"{optimizer_name(cell.optimizer)}: {score}", kept[-1]))
                break
    which = f"{setting_name(setting)}, {part.scale} scale{clean.replace('_', ', ')}"
    name = f"samples_{part.scale}_{setting}{clean}" if part.scale != "full" else f"samples_{setting}{clean}"
    return Sheet(name, f"{which}: samples of the same noise, and distance", samples)
