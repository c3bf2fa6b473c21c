"""A grid: the cells and seeds behind one table or figure, and what is asked of their results."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from typing import Any

from omegaconf import OmegaConf

from experiments.cell import Cell
from experiments.cli import nearest
from experiments.errors import UserError
from experiments.recipes import CONFIGS
from experiments.record import Record


@dataclass(frozen=True)
class Grid:
    """A file of configs/grid/. A block is a product of its axes, of the grid's setting or one of its own; an axis may
    differ by scale; `stop_after` asks for the first epochs only. `healthy` bounds the last epoch's score by data set or
    "data/model", where need be by scale, `at_least` or `at_most`; empty, it asks nothing. An optimizer may carry
    overrides: "adabelief,eps=1e-16". `table` names the full scale's table and figure of a data set; `printed` names the
    file in results/paper where the public record of a grid without curves stands; `ablation` sets every row against
    AdaBelief instead of the public record; `words` are for all of its runs, of the kind that do not count."""

    name: str
    title: str
    blocks: list[dict[str, Any]]
    seeds: dict[str, list[int]]
    healthy: dict[str, Any]
    expected_failures: list[dict[str, Any]]
    setting: str = ""
    table: str = "{data}"
    printed: str = ""
    ablation: bool = False
    words: list[str] = field(default_factory=list)
    next: dict[str, str] = field(default_factory=dict)  # by scale: what to do after it

    @property
    def scales(self) -> list[str]:
        return list(self.seeds)

    def cells(self, scale: str, protocol: str = "paper") -> list[Cell]:
        """The grid's cells, in the order of its table."""
        return [cell for cell, _ in self.placed(scale, protocol)]

    def placed(self, scale: str, protocol: str = "paper") -> list[tuple[Cell, int | None]]:
        """Each cell with its block's `stop_after`."""
        if scale not in self.seeds:
            raise UserError(f"grid {self.name} has no scale {scale!r}; there are {', '.join(self.scales)}")
        return [
            (Cell(block.get("setting", self.setting), data, model, optimizer, protocol, scale), block.get("stop_after"))
            for block in self.blocks
            for data in axis(block, "data", scale)
            for model in axis(block, "model", scale)
            for optimizer in axis(block, "optimizer", scale)
        ]

    def expected_failure(self, cell: Cell) -> str | None:
        """Why the cell is expected to miss the threshold, or None."""
        for entry in self.expected_failures:
            where = {key: value for key, value in entry.items() if key != "reason"}
            if all(getattr(cell, key) == value for key, value in where.items()):
                return entry["reason"]
        return None

    def unhealthy(self, record: Record) -> str | None:
        """What is wrong with a finished run that has to pass the grid's threshold, or None."""
        if record.status == "partial" or not self.healthy:
            return None
        if record.status == "diverged":
            return f"diverged in epoch {record.epochs_done - 1}"
        scores = record.summary["scores"]  # type: ignore[index]
        final, name = scores["final"], scores["metric"]
        if final is None:
            return f"no {name}"
        least, most = self.bound("at_least", record.cell, -inf), self.bound("at_most", record.cell, inf)
        if final < least:
            return f"{name} {final:.1f} < {least}"
        return f"{name} {final:.1f} > {most}" if final > most else None

    def bound(self, kind: str, cell: Cell, default: float) -> float:
        """The cell's threshold, "at_least" or "at_most", in the unit of its metric; `default` where it has none."""
        bounds = self.healthy.get(kind, {})
        found = bounds.get(f"{cell.data}/{cell.model}", bounds.get(cell.data, default))
        return found.get(cell.scale, default) if isinstance(found, dict) else found


def axis(block: dict[str, Any], name: str, scale: str) -> list[str]:
    values = block[name]
    return values.get(scale, []) if isinstance(values, dict) else values


def load_grid(name: str) -> Grid:
    path = CONFIGS / "grid" / f"{name}.yaml"
    if not path.is_file():
        names = sorted(p.stem for p in path.parent.glob("*.yaml"))
        raise UserError(f"no grid called {name!r}{nearest(name, names)}; there are {', '.join(names)}")
    content: Any = OmegaConf.to_container(OmegaConf.load(path))
    return Grid(name=name, **content)
