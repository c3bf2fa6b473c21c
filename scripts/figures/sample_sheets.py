"""Sheets of the samples that generative models made of the same noise, one beside the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from matplotlib import image
from matplotlib.figure import Figure as Canvas

from experiments.config.cell import Cell
from scripts.figures.canvas import new_canvas
from scripts.figures.figure import Figure
from scripts.loading.display import optimizer_name, setting_name
from scripts.loading.grid_results import GridResults, by_setting

COLUMNS = 4


@dataclass(frozen=True)
class Sample:
    """png: the content of a file of samples."""

    label: str
    png: bytes


@dataclass
class SampleSheet(Figure):
    samples: list[Sample]

    def draw(self) -> Canvas:
        rows, columns = -(-len(self.samples) // COLUMNS), min(COLUMNS, len(self.samples))
        canvas = new_canvas(2.6 * columns, 2.8 * rows + 0.5, self.title, fontsize=12)
        axes = canvas.subplots(rows, columns, squeeze=False)
        for ax in axes.flat:
            ax.axis("off")
        for ax, sample in zip(axes.flat, self.samples):
            ax.imshow(image.imread(BytesIO(sample.png), format="png"), interpolation="nearest")
            ax.set_title(sample.label, fontsize=10)
        return canvas


def sample_sheets(part: GridResults) -> list[SampleSheet]:
    """A sheet for each setting that has samples."""
    protocol = "" if part.protocol == "paper" else f"_{part.protocol}"
    scale = "" if part.scale == "full" else f"{part.scale}_"
    sheets = []
    for setting, cells in by_setting(part.cells).items():
        if samples := last_samples(part, cells):
            which = f"{setting_name(setting)}, {part.scale} scale{protocol.replace('_', ', ')}"
            title = f"{which}: samples of the same noise, and distance"
            sheets.append(SampleSheet(f"samples_{scale}{setting}{protocol}", title, "", samples))
    return sheets


def last_samples(part: GridResults, cells: Sequence[Cell]) -> list[Sample]:
    """The last samples of each cell's first seed that has any, with its distance."""
    samples = []
    for cell in cells:
        runs = part.finished_runs([cell])
        for folder, final in zip(runs["folder"], runs["final"]):
            if files := sorted(Path(folder).glob("samples/epoch=*.png")):
                score = "diverged" if final != final else f"{final:.3g}"
                samples.append(Sample(f"{optimizer_name(cell.optimizer)}: {score}", files[-1].read_bytes()))
                break
    return samples
