"""Which learning curves a grid has at a scale, with their titles and captions."""

from __future__ import annotations

from experiments.grid.grid import Grid
from scripts.figures.ablation import ablation_figure
from scripts.figures.end_scores import CAPTION as ENDS
from scripts.figures.end_scores import end_score_strips
from scripts.figures.figure import count_runs
from scripts.figures.learning_curves import LearningCurves, learning_curves
from scripts.loading.display import count_optimizers, data_name
from scripts.loading.grid_results import GridResults
from scripts.published.public_record import PublicRecord

FULL = (
    "Scores per epoch. Reruns that are unfinished or deviate from the recipe are not drawn (the table's notes name "
    "them)."
)
CLEAN = "Clean protocol: not comparable with the published curves, which are not drawn. Scores per epoch."
NOT_COMPARABLE = {
    "full": "Scores per epoch; the public record is not drawn.",
    "quick": "Stand-in data, small networks or images: a check of the pipeline, not comparable with the paper.",
    "small": "A smaller experiment than the paper's (the table says in what): not comparable with its curves, which "
    "are not drawn.",
}


def full_scale_figures(grid: Grid, part: GridResults, public: PublicRecord) -> list[LearningCurves]:
    """One figure for each data set: under the paper's protocol always, with the public record's curves; under another
    one where there are runs. A public record without curves is a table only."""
    figures = []
    for data in dict.fromkeys(cell.data for cell in part.cells):
        runs, name = describe_runs(part, data), grid.table.format(data=data)
        title = f"{data_name(data)}, {count_optimizers(part.cells)}"
        if part.protocol == "paper":
            title += f": {runs}, over the public record" if runs else ": the public record, no run of ours yet"
            figures.append(learning_curves(name, title, FULL, part, data, public))
        elif runs:
            title += f", {part.protocol} protocol: {runs}"
            figures.append(learning_curves(f"{name}_{part.protocol}", title, CLEAN, part, data, None))
    return [figure for figure in figures if figure.lines]


def own_run_figures(grid: Grid, part: GridResults) -> list[LearningCurves]:
    """Our runs alone, one figure per data set that has some; the first takes the grid's name (quick_cifar,
    small_cifar), the others that of their data (small_cifar100)."""
    figures: list[LearningCurves] = []
    protocol = "" if part.protocol == "paper" else f"_{part.protocol}"
    datasets = list(dict.fromkeys(cell.data for cell in part.cells))
    for data in datasets:
        runs = describe_runs(part, data)
        if not runs:
            continue
        scale = "" if part.scale == "full" else f"{part.scale}_"
        name = f"{scale}{grid.name if data == datasets[0] else data}{protocol}"
        title = f"{data_name(data)}, {part.scale} scale{protocol.replace('_', ', ')}: {runs}"
        caption = f"{NOT_COMPARABLE.get(part.scale, NOT_COMPARABLE['small'])} {ENDS}"
        if grid.ablation:
            figure = ablation_figure(name, f"{grid.title} {title}", caption, part, data)
        else:
            figure = learning_curves(name, title, caption, part, data, None)
        titles = [panel.title for panel in figure.rows[0]]  # without models that never got a score
        figure.strips = [strip for strip in end_score_strips(part, data) if strip.title in titles]
        figures.append(figure)
    return [figure for figure in figures if figure.lines]


def describe_runs(part: GridResults, data: str) -> str:
    """ "27 runs of ours, 1 to 3 seeds a cell", or nothing."""
    counts = [n for cell in part.cells if cell.data == data and (n := part.count_finished(cell))]
    if not counts:
        return ""
    low, high = min(counts), max(counts)
    seeds = f"{low} to {high} seeds" if low < high else f"{low} seed{'s' if low > 1 else ''}"
    return f"{count_runs(sum(counts))}, {seeds} a cell"
