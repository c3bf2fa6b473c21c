"""What the smaller scales' tables say of their runs and columns."""

from __future__ import annotations

from collections.abc import Sequence

from experiments.config.cell import Cell
from experiments.grid.grid import Grid
from scripts.loading.display import panel_title
from scripts.loading.grid_results import GridResults
from scripts.loading.measures import measure_of
from scripts.loading.provenance import made_with
from scripts.tables.orders import CLEAR

EXPLAINED = (
    "{words}, mean ± sd over n seeds (without those that diverged): after the last epoch, at the best one (chosen on "
    "the test set), mean of the {last}."
)
LAST = {"full": "last ten epochs", "small": "last quarter of the epochs", "quick": "last quarter of the epochs"}
QUICK = (
    "{stand_in}, small networks or images, minutes: a check that the pipeline works. It tests no claim of "
    "the paper, and no number here is comparable with one of the paper's."
)
AS_AT_FULL_SCALE = "As at full scale: {material}; {smaller}"
SMALL = (
    f"{AS_AT_FULL_SCALE}. The values are not comparable with the paper's, so only the orders of the optimizers are "
    "compared."
)
RANKS = (
    "rank: by last-quarter mean, within data set and model, among the optimizers that have been run. authors' rank: "
    "the same for the last ten epochs of the official curves (of the figure's readings where there is no curve). "
    f"Pairs: those that the authors' runs separate by more than {CLEAR} points: {{scatter}}."
)
CLEAN = "Clean protocol: the best epoch is chosen on the validation split."


def scale_head(grid: Grid, scale: str, *texts: str) -> list[str]:
    """Texts with the words of the grid's measure and of the scale."""
    return [text.format(**vars(measure_of(grid)), last=LAST[scale]) for text in texts]


def block_title(part: GridResults, data: str, model: str) -> str:
    """ "VGG11 on CIFAR-10", and the protocol where it is the clean one."""
    return panel_title(data, model) + (", clean protocol" if part.protocol == "clean" else "")


def made_notes(part: GridResults, cells: Sequence[Cell]) -> list[str]:
    """How the runs of a block were made, and what its protocol means."""
    runs = part.finished_runs(cells)
    clean = [CLEAN] if part.protocol == "clean" else []
    return [f"{made_with(runs)}.", *clean] if len(runs) else clean


def count_runs(parts: Sequence[GridResults]) -> str:
    """How many runs there are and in how many cells, for the terminal."""
    done = [part.count_finished(cell) for part in parts for cell in part.cells]
    return f"{sum(done)} finished runs in {sum(map(bool, done))} of {len(done)} cells"
