"""Which figures a grid gives, with their titles and captions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from experiments.grid import Grid
from scripts.drawing.ablation import ablation_figure
from scripts.drawing.end_scores import CAPTION as ENDS
from scripts.drawing.end_scores import strips
from scripts.drawing.first_epochs import first_epochs_figure
from scripts.drawing.series import Figure, curves_figure
from scripts.reading.names import data_name, optimizers
from scripts.reading.ours import PROTOCOLS, Slice, is_first_epochs, read_slice
from scripts.reading.public_record import PublicRecord

DROP = "The rate is divided by ten at each grey line."
CUT = f"Scores per epoch. {DROP} The first epochs are cut off."
FULL = f"{CUT} Reruns that are unfinished or deviate from the recipe are not drawn (the table's notes name them)."
CLEAN = "Clean protocol: not comparable with the published curves, which are not drawn. " + CUT
FIRST = "Full model and recipe, first epochs only. Epochs count from 0."
NOT_COMPARABLE = {
    "full": "Scores per epoch; the public record is not drawn.",
    "quick": "Stand-in data, small networks or images: a check of the pipeline, not comparable with the paper.",
    "small": "A smaller experiment than the paper's (the table says in what): not comparable with its curves, which "
    "are not drawn.",
}


def pictures(grid: Grid, scales: Sequence[str], roots: Sequence[Path], public: PublicRecord) -> list[Figure]:
    """The full scale's figures always, but for an ablation's; the others where there are runs."""
    public = public.of(grid.setting)
    if is_first_epochs(grid):
        if "full" not in scales:
            return []
        part = read_slice(grid, "full", "paper", roots)
        return [first_epochs_figure(grid, part, public, FIRST)] if part.evidence.records else []
    figures = []
    for scale in scales:
        for protocol in PROTOCOLS:
            part = read_slice(grid, scale, protocol, roots)
            figures += full(grid, part, public) if scale == "full" and not grid.ablation else own(grid, part)
    return figures


def full(grid: Grid, part: Slice, public: PublicRecord) -> list[Figure]:
    figures = []
    for data in dict.fromkeys(cell.data for cell in part.cells):
        have, name = runs(part, data), grid.table.format(data=data)
        title = f"{data_name(data)}, {optimizers(part.cells)}"
        if part.protocol == "paper":
            title += f": {have}, over the public record" if have else ": the public record, no run of ours yet"
            figures.append(curves_figure(name, title, FULL, part, data, public))
        elif have:
            title += f", {part.protocol} protocol: {have}"
            figures.append(curves_figure(f"{name}_{part.protocol}", title, CLEAN, part, data, None))
    return [figure for figure in figures if figure.kinds]  # a record without curves is a table only


def own(grid: Grid, part: Slice) -> list[Figure]:
    """Our runs alone, one figure per data set that has some; the first takes the grid's name (quick_cifar,
    small_cifar), the others that of their data (small_cifar100)."""
    figures: list[Figure] = []
    protocol = "" if part.protocol == "paper" else f"_{part.protocol}"
    names = list(dict.fromkeys(cell.data for cell in part.cells))
    for data in names:
        if have := runs(part, data):
            scale = "" if part.scale == "full" else f"{part.scale}_"
            name = f"{scale}{grid.name if data == names[0] else data}{protocol}"
            title = f"{data_name(data)}, {part.scale} scale{protocol.replace('_', ', ')}: {have}"
            caption = f"{NOT_COMPARABLE[part.scale]} {ENDS} {DROP} The first epochs are cut off."
            if grid.ablation:
                figures.append(ablation_figure(name, f"{grid.title} {title}", caption, part, data))
            else:
                figures.append(curves_figure(name, title, caption, part, data, None))
            titles = [panel.title for panel in figures[-1].rows[0]]  # without models that never got a score
            figures[-1].strips = [strip for strip in strips(part, data) if strip.title in titles]
    return figures


def runs(part: Slice, data: str) -> str:
    """ "27 runs of ours, 1 seed a cell", or nothing."""
    counts = [n for cell in part.cells if cell.data == data and (n := len(part.finished(cell)))]
    if not counts:
        return ""
    low, high = min(counts), max(counts)
    seeds = f"{low} to {high} seeds" if low < high else f"{low} seed{'s' if low > 1 else ''}"
    return f"{sum(counts)} run{'s' if sum(counts) > 1 else ''} of ours, {seeds} a cell"
