"""`gan.*`, `small_gan.*`, `quick_gan.*`: distances of samples to images, at full scale beside the published ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import permutations
from typing import Any

from experiments.cell import Cell
from experiments.grid import Grid
from experiments.record import Record
from scripts.reading.distances import further, load_distances
from scripts.reading.names import data_name, optimizer_name, setting_name
from scripts.reading.ours import Slice, stale_notes
from scripts.reading.provenance import deep, made_with
from scripts.reading.statistic import Estimate, estimate
from scripts.tabulating.distance_columns import (
    BEST,
    EXTRAS,
    OURS,
    PAPER,
    difference,
    extras,
    our_cells,
    public_cells,
)  # fmt: skip
from scripts.tabulating.failures import failures
from scripts.tabulating.full import lead
from scripts.tabulating.layout import DASH, Block, Footnotes, Table, without_empty
from scripts.tabulating.missing import missing_notes
from scripts.tabulating.orders import ranks, tau, told
from scripts.tabulating.raw import entry, place
from scripts.tabulating.scaled import standing

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


def distance_table(grid: Grid, scale: str, parts: Sequence[Slice]) -> Table:
    """One block per setting and protocol."""
    table = Table(NAMES[scale], f"{grid.title}, {scale} scale", [HEADS[scale]])
    marks, done = Footnotes(), 0
    for part in parts:
        for setting, cells in by_setting(part.cells).items():
            done += sum(len(part.finished(cell)) for cell in cells)
            record = scale == "full" and part.protocol == "paper"  # which stands before any run
            if not record and not any(part.finished(cell) for cell in cells):
                continue
            table.blocks.append(block(grid, part, setting, cells, marks))
            table.values += [value for cell in cells for value in values(part, cell)]
        table.notes += stale_notes(part.evidence)
    missing = missing_notes(parts[0]) if scale == "small" else []
    table.notes = [*missing, *marks.notes(), *table.notes]
    none = "no full-scale run of ours yet: the public record" if scale == "full" else "no run"
    table.summary = f"generative models, {scale} scale: {f'{done} finished runs' if done else none}"
    return table


def by_setting(cells: Sequence[Cell]) -> dict[str, list[Cell]]:
    found: dict[str, list[Cell]] = {}
    for cell in cells:
        found.setdefault(cell.setting, []).append(cell)
    return found


def block(grid: Grid, part: Slice, setting: str, cells: list[Cell], marks: Footnotes) -> Block:
    paper, rerun = load_distances()
    public = part.scale == "full" and part.protocol == "paper"
    ranks = part.scale == "small" and part.protocol == "paper"
    columns, rows = ["optimizer", *OURS, *EXTRAS.values()], []
    columns += [*PAPER, "ours - paper"] if public else []
    columns += ["rank", "authors' rank"] if ranks else []
    columns += ["ours - AdaBelief"] if part.scale != "quick" else ["standing"]
    for cell in cells:
        row = [optimizer_name(cell.optimizer), *our_cells(part, cell, marks), *extras(part.complete(cell))]
        key = setting, cell.optimizer
        if public:
            row += [*public_cells(paper.get(key), rerun.get(key), marks), difference(part, cell, paper.get(key))]
        if ranks:
            row += [str(order.get(cell, DASH)) for order in (our_ranks(part, cells), their_ranks(part, cells))]
        row.append(lead(part, cell, "final") if part.scale != "quick" else standing(grid, part, cell))
        rows.append(row)
    title = f"{setting_name(setting)} on {data_name(cells[0].data)}"
    title += ", clean protocol" if part.protocol == "clean" else ""
    made = Block(title, columns, rows, notes(grid, part, cells))
    return without_empty(made, [*BEST, *EXTRAS.values(), "paper's five runs", "paper median", "rerun"])


def mean(part: Slice, cell: Cell) -> Estimate | None:
    return estimate(list(part.scores(cell, "final").values()))


def our_ranks(part: Slice, cells: Sequence[Cell]) -> dict[Cell, int]:
    return ranked({cell: e.mean for cell in known(part, cells) if (e := mean(part, cell))})


def their_ranks(part: Slice, cells: Sequence[Cell]) -> dict[Cell, int]:
    paper, _ = load_distances()
    return ranked({cell: paper[cell.setting, cell.optimizer].middle for cell in known(part, cells)})


def known(part: Slice, cells: Sequence[Cell]) -> list[Cell]:
    """The cells that both we and the authors have."""
    paper, _ = load_distances()
    return [cell for cell in cells if (cell.setting, cell.optimizer) in paper and mean(part, cell)]


def ranked(found: dict[Cell, float]) -> dict[Cell, int]:
    return ranks(found, -1)


def notes(grid: Grid, part: Slice, cells: list[Cell]) -> list[str]:
    records = [record for cell in cells for record in part.finished(cell)]
    texts = [f"{made_with(records)}; {judged(records[0])}."] if records else []
    if part.scale == "small" and part.protocol == "paper" and len(both := known(part, cells)) >= 3:
        ours, theirs = our_ranks(part, cells), their_ranks(part, cells)
        order = tau([float(ours[c]) for c in both], [float(theirs[c]) for c in both])
        texts.append(f"Kendall's τ (95 % bootstrap interval over optimizers) of our order with the authors' {order}.")
        texts += shows(part, both)
    if part.scale == "full" and part.protocol == "paper":
        texts += [
            f"Also published: {optimizer_name(name)} {value:.2f} ({where})."
            for name, value, where in further().get(cells[0].setting, [])
        ]
    return texts + failures(grid, part, cells)


def shows(part: Slice, cells: Sequence[Cell]) -> list[str]:
    """Which of the authors' orderings already show, of those that their runs tell."""
    paper, _ = load_distances()
    runs = {cell: paper[cell.setting, cell.optimizer].runs for cell in cells}
    pairs = [(a, b) for a, b in permutations(cells, 2) if runs[a] and runs[b] and max(runs[a]) < min(runs[b])]
    rank = {cell.optimizer: place for cell, place in our_ranks(part, cells).items()}
    named = [(a.optimizer, b.optimizer) for a, b in pairs]
    return told(named, "(each of the one's below each of the other's)", rank) if pairs else []


def judged(record: Record) -> str:
    """How a run's samples were scored, in words: the count is part of the result."""
    score: Any = deep(record.config, ("protocol", "score"))
    images = "stretched to their full range and " if score["stretch"] else ""
    images += "rounded to eight bits" if score["quantise"] else "not rounded"
    name = (record.summary or {})["scores"]["metric"].removeprefix("test/")
    return f"{name} of {score['fakes']:,} samples against the {score['reals']} images, {images}"


def values(part: Slice, cell: Cell) -> Iterator[dict[str, Any]]:
    if part.scale == "full" and part.protocol == "paper":
        for kind, found in zip(("paper", "rerun"), load_distances()):
            if known := found.get((cell.setting, cell.optimizer)):
                yield {**where(cell), "kind": kind, "quantity": "fid", "value": known.mean, "sd": known.sd,
                       "n": len(known.runs) or None, "source": known.source}  # fmt: skip
                for value in known.runs:
                    yield {**where(cell), "kind": kind, "quantity": "fid of a run", "value": value}
    for name in ("final", "best"):
        if e := estimate(list(part.scores(cell, name).values())):
            yield {**entry(cell, "ours", name, e, note=judged(part.complete(cell)[0])), "model": cell.setting}
    for record in part.diverged(cell):
        yield {**where(cell), "kind": "ours", "quantity": "diverged", "n": 1, "note": f"seed {record.seed}"}


def where(cell: Cell) -> dict[str, Any]:
    """The place of a number; the setting stands for the model, which two settings share."""
    return {**place(cell), "model": cell.setting}
