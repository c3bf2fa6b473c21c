"""A grid: the cells and seeds behind one table or figure, and what is asked of their results."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from experiments.config.cell import Cell
from experiments.config.errors import UserError, nearest
from experiments.config.paths import CONFIGS
from experiments.config.yaml_files import read_yaml


@dataclass(frozen=True)
class Grid:
    """A file of configs/grid.

    blocks: products of axes (data, model, optimizer), each of the grid's setting or one of its own. An axis may differ
        by scale, an optimizer may carry overrides ("adabelief,eps=1e-16"), and `stop_after` asks for the first epochs.
    seeds: by scale.
    healthy: bounds of the last epoch's score, `at_least` or `at_most`, by data set or "data/model" and, where need be,
        by scale (see `thresholds`); empty, it asks nothing.
    expected_failures: which cells may miss them, each with its reason.
    table: names the full scale's table and figure of a data set.
    printed: the file in results/paper where the public record of a grid without curves stands.
    ablation: set every row against AdaBelief instead of the public record.
    overrides: Hydra's, for all runs, of the kind that do not count.
    next: by scale, what to do after it.
    """

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
    overrides: list[str] = field(default_factory=list)
    next: dict[str, str] = field(default_factory=dict)

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
            for data in axis_values(block, "data", scale)
            for model in axis_values(block, "model", scale)
            for optimizer in axis_values(block, "optimizer", scale)
        ]

    @property
    def asks_for_first_epochs(self) -> bool:
        """Whether the grid asks for the first epochs only."""
        return any("stop_after" in block for block in self.blocks)


def axis_values(block: dict[str, Any], name: str, scale: str) -> list[str]:
    """The values of a block's axis at a scale."""
    values = block[name]
    return values.get(scale, []) if isinstance(values, dict) else values


def grid_names() -> list[str]:
    """Every grid of configs/grid."""
    return sorted(path.stem for path in (CONFIGS / "grid").glob("*.yaml"))


def load_grid(name: str) -> Grid:
    """Read configs/grid/`name`.yaml. Raises UserError where there is none."""
    path = CONFIGS / "grid" / f"{name}.yaml"
    if not path.is_file():
        names = grid_names()
        raise UserError(f"no grid called {name!r}{nearest(name, names)}; there are {', '.join(names)}")
    return Grid(name=name, **read_yaml(path))
