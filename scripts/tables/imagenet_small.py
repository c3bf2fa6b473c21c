"""`small_imagenet.*`: the small scale's order beside that of the paper's Table 2."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from experiments.grid.grid import Grid
from scripts.loading.display import optimizer_name
from scripts.loading.grid_results import GridResults, groups
from scripts.loading.run_notes import stale_notes
from scripts.loading.score_summary import score_summary
from scripts.published.end_values import Printed, load_printed, printed_of
from scripts.tables.failures import failure_notes
from scripts.tables.formats import count_column, run_count_column
from scripts.tables.full_scale import OPTIMIZER, labelled
from scripts.tables.missing_runs import missing_notes
from scripts.tables.orders import ranks, tau_text
from scripts.tables.raw_numbers import raw_scores
from scripts.tables.scale_texts import EXPLAINED, block_title, count_runs, made_notes, scale_head
from scripts.tables.small_scale import SCORE_COLUMNS
from scripts.tables.table import Block, Table

COLUMNS = [
    OPTIMIZER, run_count_column(), *SCORE_COLUMNS, count_column("rank", "rank"),
    count_column("rank in Table 2", "paper_rank"),
]  # fmt: skip
SMALL = (
    "Network, recipes, batch size and schedule shape of full scale on 20 classes of Tiny ImageNet (4,000 images). The "
    "values are not comparable with the paper's, and Table 2's own order (Adam by the higher of its two numbers) is of "
    "numbers from different schedules and decays; so the orders are set side by side and nothing more. rank: by the "
    "mean of the last quarter, which Kendall's τ compares too."
)
LIMITS = (
    "What this order says: how fast each recipe learns in some two hundred steps at 64 pixels. What it cannot say: how "
    "90 epochs of ImageNet end, where decay and the drops decide; {clear}."
)


def small_printed_table(grid: Grid, parts: Sequence[GridResults]) -> Table:
    """Scores, our ranks and those of the paper's table."""
    theirs = highest_values(load_printed(grid.printed))
    table = Table(f"small_{grid.name}", f"{grid.title}: small scale", [SMALL, *scale_head(grid, "small", EXPLAINED)])
    for part in parts:
        sign = part.measure.sign
        for (data, model), cells in groups(part.cells).items():
            if not any(map(part.count_finished, cells)):
                continue
            numbers = labelled(score_summary(part, cells))
            scored = numbers[numbers["last_mean"].notna()]
            means = dict(zip(scored["optimizer"], scored["last_mean"].astype(float)))
            paper = ranks({name: theirs[name] for name in means}, sign)
            numbers = numbers.assign(
                rank=numbers["optimizer"].map(ranks(means, sign)), paper_rank=numbers["optimizer"].map(paper)
            )
            notes = [*made_notes(part, cells), *failure_notes(grid, part, cells)]
            notes += order_beside_table_2(means, theirs, int(scored["last_n"].min()) if len(scored) else 0)
            table.blocks.append(Block(block_title(part, data, model), numbers, COLUMNS, notes))
            table.values += raw_scores(numbers)
        table.notes += stale_notes(part)
    table.gaps = missing_notes(parts[0])
    table.summary = f"small scale: {count_runs(parts)}"
    return table


def highest_values(printed: tuple[Printed, ...]) -> dict[str, float]:
    """The higher of the numbers that the paper prints for each optimizer."""
    names = dict.fromkeys(row.optimizer for row in printed if row.kind == "table")
    return {name: max(row.value for row in printed_of(printed, name, "table")) for name in names}


def order_beside_table_2(means: Mapping[str, float], theirs: Mapping[str, float], seeds: int) -> list[str]:
    """How far our order agrees with the paper's, from three optimizers on, and what ours can say."""
    if len(means) < 3:
        return []
    order = tau_text(list(means.values()), [theirs[name] for name in means])
    return [
        f"Kendall's τ (95 % bootstrap interval over optimizers) of our order with Table 2's {order}.",
        LIMITS.format(clear=lead_text(means, seeds)),
    ]


def lead_text(means: Mapping[str, float], seeds: int) -> str:
    """How far the first is from the second, and what that is worth with so many seeds."""
    (first, a), (second, b) = sorted(means.items(), key=lambda item: -item[1])[:2]
    worth = "one seed cannot tell how far that is chance" if seeds == 1 else f"over {seeds} seeds"
    return f"{optimizer_name(first)} is {a - b:.1f} points ahead of {optimizer_name(second)}, and {worth}"
