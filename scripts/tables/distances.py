"""`gan.*`, `small_gan.*`, `quick_gan.*`: distances of samples to images, at full scale beside the published ones."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from experiments.config.cell import Cell
from experiments.grid.grid import Grid
from scripts.loading.display import data_name, optimizer_name, setting_name
from scripts.loading.grid_results import GridResults, by_setting
from scripts.loading.provenance import made_with
from scripts.loading.run_notes import stale_notes
from scripts.published.distances import also_published
from scripts.tables.distance_columns import columns_beside, distance_numbers, judged, raw_distances
from scripts.tables.distance_orders import distance_order_notes
from scripts.tables.failures import failure_notes
from scripts.tables.missing_runs import missing_notes
from scripts.tables.small_scale import standing
from scripts.tables.table import Block, Table, rows_of

HEADS = {
    "full": "Frechet inception distance (FID) after the last epoch; lower is better. Ours: over n seeds. paper: WGAN "
    "and WGAN-GP read off the box plots of its Fig. 6, whose five values can be told (mean and sd are made "
    "from them, each ± the error of the reading); SN-GAN printed in its Table 3, the best of fifty "
    "checkpoints, so it is compared with our best. rerun: an independent rerun's value after the last step, "
    "read off its figure. ours - paper: of the medians (SN-GAN: our best minus the mean). ours - AdaBelief: "
    "paired by seed, with its 95 % interval (t). AdamW and Padam are not in the paper's figure.",
    "small": "As at full scale: data, recipes, batch size, turns; narrower networks, fewer epochs, a Frechet distance "
    "in the features of a small classifier of CIFAR-10 (results/classifier), which is not the FID. Values are not "
    "comparable with the paper's, so only the orders of the optimizers are compared. rank: by our mean, authors' rank: "
    "by the median of the paper's five runs (SN-GAN: its mean). threshold: somewhat less than half of an "
    "untrained generator's distance (0.44 to 0.49 for the small GANs); who may miss it was listed after these runs.",
    "quick": "Handwritten digits of 8 pixels (scikit-learn), narrow networks, minutes: a check that the pipeline "
    "works. The distance is Frechet's between the pixels, not the FID, and no number here is comparable with one of "
    "the paper's. healthy: below about half of an untrained generator's distance.",
}
NAMES = {"full": "gan", "small": "small_gan", "quick": "quick_gan"}


def distance_table(grid: Grid, scale: str, parts: Sequence[GridResults]) -> Table:
    """One block per setting and protocol."""
    table = Table(NAMES[scale], f"{grid.title}, {scale} scale", [HEADS[scale]])
    done = 0
    for part in parts:
        for setting, cells in by_setting(part.cells).items():
            runs = sum(map(part.count_finished, cells))
            done += runs
            if not runs and not stands_before_runs(part):
                continue
            numbers = distance_numbers(part, cells)
            table.blocks.append(distance_block(grid, part, setting, cells, numbers))
            for row in rows_of(numbers):
                table.values += raw_distances(part, row)
        table.notes += stale_notes(part)
    table.gaps = missing_notes(parts[0]) if scale == "small" else []
    none = "no full-scale run of ours yet: the public record" if scale == "full" else "no run"
    table.summary = f"generative models, {scale} scale: {f'{done} finished runs' if done else none}"
    return table


def stands_before_runs(part: GridResults) -> bool:
    """Whether the public record stands beside a part's cells, and so before any run of ours."""
    return part.scale == "full" and part.protocol == "paper"


def distance_block(
    grid: Grid, part: GridResults, setting: str, cells: list[Cell], numbers: pd.DataFrame
) -> Block:  # fmt: skip
    if part.scale == "quick":
        numbers = numbers.assign(standing=pd.Series([standing(grid, part, cell) for cell in cells], dtype="object"))
    title = f"{setting_name(setting)} on {data_name(cells[0].data)}"
    title += ", clean protocol" if part.protocol == "clean" else ""
    return Block(title, numbers, columns_beside(part.scale, part.protocol), block_notes(grid, part, cells, numbers))


def block_notes(grid: Grid, part: GridResults, cells: list[Cell], numbers: pd.DataFrame) -> list[str]:
    """How a block's runs were made and judged, how the orders agree, what else was published, who failed."""
    runs = part.finished_runs(cells)
    texts = [f"{made_with(runs)}; {judged(runs.iloc[0])}."] if len(runs) else []
    if part.scale == "small" and part.protocol == "paper":
        texts += distance_order_notes(numbers)
    if stands_before_runs(part):
        texts += [
            f"Also published: {optimizer_name(name)} {value:.2f} ({where})."
            for name, value, where in also_published().get(cells[0].setting, [])
        ]
    return texts + failure_notes(grid, part, cells)
