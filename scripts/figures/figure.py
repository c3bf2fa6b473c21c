"""What all figures have in common: the numbers and words that they show, and a way to draw them.

A figure is a dataclass of plain values (numbers, texts, bytes, lists, mappings by name and dataclasses of these), so
that `figure_digest` can tell whether it shows something else than the file on disk, and another process can draw it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from matplotlib.figure import Figure as Canvas


@dataclass
class Figure(ABC):
    """name: of its files, without an ending; title: stands above it; caption: below it."""

    name: str
    title: str
    caption: str

    @abstractmethod
    def draw(self) -> Canvas:
        """Draw the figure on a canvas of its own. Changes nothing but that."""


def count_runs(count: int) -> str:
    """ "1 run of ours", "3 runs of ours"."""
    return f"{count} run{'' if count == 1 else 's'} of ours"
