"""What a grid's runs are judged by, and the words for it in tables and figures."""

from __future__ import annotations

from dataclasses import dataclass

from experiments.grid import Grid


@dataclass(frozen=True)
class Measure:
    """name: as in the record; better: "max" or "min"; words: how a sentence begins with it; axis: how a panel calls it;
    figure: where the paper draws it; train: what its train value is; material: what the small scale shares with the
    full one; smaller: in what it is smaller; scatter: how far runs of one cell lie apart; stand_in: what the quick
    scale is made of."""

    name: str
    better: str
    words: str
    axis: str
    figure: str
    train: str
    material: str
    smaller: str
    scatter: str
    stand_in: str

    @property
    def sign(self) -> int:
        """Times a value: larger is better."""
        return 1 if self.better == "max" else -1


MEASURES = {
    "accuracy": Measure(
        "accuracy", "max", "Test accuracy in percent", "accuracy (%)", "Fig. 4",
        "running count during the epoch, with augmentation and dropout", "data, recipes, batch size and augmentation",
        "narrower models, fewer epochs and, where 'made with' says so, smaller images",
        "two laboratories' runs of a CIFAR-10 cell differ by at most 0.47",
        "Handwritten digits (scikit-learn)",
    ),
    "perplexity": Measure(
        "perplexity", "min", "Test perplexity", "perplexity", "Fig. 5",
        "of batches 401 to 600 of the epoch, with dropout and without penalties", "data, recipes, batch size, dropouts",
        "narrower models and fewer epochs", "independent reruns of a cell have an sd of 0.1 to 0.4",
        "The text of Python's own help",
    ),
    "distance": Measure(
        "distance", "min", "Frechet distance", "Frechet distance", "Fig. 6", "", "data, recipes, batch size, turns",
        "narrower networks and fewer epochs", "",
        "Handwritten digits (scikit-learn)",
    ),
}  # fmt: skip


def measure_of(grid: Grid) -> Measure:
    """The measure that the grid's health is stated in."""
    return MEASURES[grid.healthy["metric"].rpartition("/")[2]]
