"""Sweeps over rate and eps, found among the runs of a store: which values were tried, and what came of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from experiments.cell import Cell, name_and_overrides
from experiments.compose import expected
from experiments.evidence import gather
from scripts.reading.measure import MEASURES, Measure
from scripts.reading.statistic import estimate

AXES = ("lr", "eps")
LEAST = 2  # values of each that make a map


@dataclass(frozen=True)
class Map:
    """One optimizer's scores by (lr, eps); None: every run diverged. rest: what else was overridden."""

    cell: Cell
    rest: tuple[str, ...]
    scores: dict[tuple[float, float], float | None]
    measure: Measure

    @property
    def rates(self) -> list[float]:
        return sorted({lr for lr, _ in self.scores})

    @property
    def epsilons(self) -> list[float]:
        return sorted({eps for _, eps in self.scores})


def read_maps(stores: Sequence[Path]) -> list[Map]:
    """A map for every optimizer, in its cell, of which at least two rates and two eps were run; those that single
    points of a tuning study make up are no product and left out."""
    groups: dict[tuple[object, ...], list[Cell]] = {}
    for cell in sorted({cell for store in stores for cell in cells(store)}):
        _, overrides = name_and_overrides(cell.optimizer)
        name = cell.optimizer.split(",")[0]
        rest = tuple(word for word in overrides if word.partition("=")[0] not in AXES)
        target = tuple(word for word in cell.optimizer.split(",") if word.startswith("_target_="))
        groups.setdefault(
            (cell.setting, cell.data, cell.model, cell.protocol, cell.scale, name, target, rest), []
        ).append(cell)
    return [found for key, members in groups.items() if (found := read_map(members, key[-1], stores))]  # type: ignore[arg-type]


def cells(store: Path) -> Iterator[Cell]:
    """The cells that have a folder in a store."""
    if store.is_dir():
        for folder in {path.parent for path in store.glob("*/*/*/*/*/seed=*")}:
            yield Cell.of(folder.relative_to(store))


def read_map(members: Sequence[Cell], rest: tuple[str, ...], stores: Sequence[Path]) -> Map | None:
    if len(members) < LEAST * LEAST or not any(f",{AXES[1]}=" in cell.optimizer for cell in members):
        return None
    evidence, scores, measure = gather(members, stores), {}, MEASURES["accuracy"]
    for cell, records in evidence.records.items():
        optimizer = expected(cell).config["optimizer"]
        ended = [record for record in records if record.status in ("complete", "diverged")]
        if "eps" not in optimizer or not ended:
            continue
        found = [r.summary["scores"]["best"] for r in ended if r.status == "complete" and r.summary]
        e = estimate([score for score in found if score is not None])
        scores[float(optimizer["lr"]), float(optimizer["eps"])] = e.mean if e else None
        measure = MEASURES[ended[0].summary["scores"]["metric"].rpartition("/")[2]]  # type: ignore[index]
    made = Map(members[0], rest, scores, measure)
    product = len(made.rates) >= LEAST and len(made.epsilons) >= LEAST
    return made if product and len(scores) > len(made.rates) * len(made.epsilons) / 2 else None
