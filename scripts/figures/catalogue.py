"""Which figures there are: of a grid, of tuning studies and of sweeps.

A new kind of figure is a module of its own, with a dataclass that draws itself (see `figure.py`) and a function that
makes such figures of results, and a line here that calls it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from experiments.grid.grid import Grid
from scripts.figures.distances import distance_figure
from scripts.figures.figure import Figure
from scripts.figures.first_epochs import first_epochs_figure
from scripts.figures.heat_maps import heat_maps
from scripts.figures.logit_spread import logit_spread, measures_logit_spread
from scripts.figures.printed_scores import printed_scores
from scripts.figures.sample_sheets import sample_sheets
from scripts.figures.scale_figures import full_scale_figures, own_run_figures
from scripts.figures.tuning_curves import tuning_curves
from scripts.loading.grid_results import PROTOCOLS, GridResults, read_grid_results
from scripts.loading.studies import read_results
from scripts.loading.sweeps import read_maps
from scripts.published.public_record import PublicRecord, load_public_record


def grid_figures(
    grid: Grid, scales: Sequence[str], stores: Sequence[Path], public: PublicRecord | None = None
) -> list[Figure]:
    """The figures of a grid at those of `scales` that it has, from the runs in stores and the public record (the
    repository's, unless another one is given). The full scale's come before any run, where others published something
    of its cells; the others where there are runs."""
    public = (public or load_public_record()).of(grid.setting)
    own = [scale for scale in scales if scale in grid.scales]
    parts = [read_grid_results(grid, scale, protocol, stores) for scale in own for protocol in PROTOCOLS]
    if measures_logit_spread(grid):
        return [figure for part in parts for figure in logit_spread(grid, part)]
    if grid.asks_for_first_epochs:
        begun = [part for part in parts if (part.scale, part.protocol) == ("full", "paper") and len(part.runs)]
        return [first_epochs_figure(grid, part, public) for part in begun]
    if parts and parts[0].measure.name == "distance":
        boxes = [figure for part in parts for figure in distance_figure(grid, part)]
        return [*boxes, *(sheet for part in parts for sheet in sample_sheets(part))]
    figures: list[Figure] = []
    if grid.printed and (full := [part for part in parts if part.scale == "full"]):
        figures.append(printed_scores(grid, full))
        parts = [part for part in parts if part.scale != "full"]
    return figures + [figure for part in parts for figure in curve_figures(grid, part, public)]


def curve_figures(grid: Grid, part: GridResults, public: PublicRecord) -> Sequence[Figure]:
    """Learning curves of a grid at one scale, beside the public record where it is of the same experiments."""
    if part.scale == "full" and not grid.ablation:
        return full_scale_figures(grid, part, public)
    return own_run_figures(grid, part)


def study_figures(stores: Sequence[Path]) -> list[Figure]:
    """The figures of all tuning studies in stores, and of all sweeps over rate and eps."""
    return [*tuning_curves(read_results(stores)), *heat_maps(read_maps(stores))]
