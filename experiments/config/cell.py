"""A cell: one coordinate of a table, and the folder that its runs live in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, order=True)
class Cell:
    """`optimizer` carries what the caller overrode, as in "adabelief,lr=0.01"."""

    setting: str
    data: str
    model: str
    optimizer: str
    protocol: str
    scale: str

    @property
    def folder(self) -> Path:
        return Path(self.setting, self.data, self.model, self.optimizer, f"{self.protocol}-{self.scale}")

    def __str__(self) -> str:
        return f"{self.data}/{self.model}/{self.optimizer} ({self.protocol}, {self.scale})"

    @classmethod
    def of(cls, folder: Path) -> Cell:
        """The cell of a folder relative to its store. Raises ValueError for another shape of path."""
        setting, data, model, optimizer, last = folder.parts
        protocol, scale = last.rsplit("-", 1)
        return cls(setting, data, model, optimizer, protocol, scale)


def name_and_overrides(optimizer: str) -> tuple[str, list[str]]:
    """("adam", ["lr=0.01"]) of a cell's "adam,lr=0.01"; an optimizer given by import path goes by that."""
    name, *overrides = optimizer.split(",")
    target = next((word for word in overrides if word.startswith("_target_=")), None)
    if name != "external" or target is None:
        return name, overrides
    return target.removeprefix("_target_="), [word for word in overrides if word != target]
