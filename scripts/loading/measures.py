"""What a grid's runs are judged by: the metric, and the words for it in tables and figures."""

from __future__ import annotations

from dataclasses import dataclass

from experiments.config.errors import UserError
from experiments.config.metric import Metric
from experiments.grid.grid import Grid
from scripts.loading.runs import present_request


@dataclass(frozen=True)
class Measure(Metric):
    """A metric (name: as in the record, without its split; better; unit: how a panel calls it) and the words for it.

    words: how a sentence begins with it; figure: where the paper draws it; train: what its train value is; material:
    what the small scale shares with the full one; smaller: in what it is smaller; scatter: how far runs of one cell lie
    apart; stand_in: what the quick scale is made of; many_reruns: whether there are
    enough published reruns of a cell to show them as mean ± sd, with reruns of other recipes in rows of their own.
    """

    words: str = ""
    figure: str = ""
    train: str = ""
    material: str = ""
    smaller: str = ""
    scatter: str = ""
    stand_in: str = ""
    many_reruns: bool = False

    @property
    def axis(self) -> str:
        """How a panel calls it."""
        return self.unit


MEASURES = {
    "accuracy": Measure(
        "accuracy", "max", "accuracy (%)", "Test accuracy in percent", "Fig. 4",
        "running count during the epoch, with augmentation and dropout", "data, recipes, batch size and augmentation",
        "narrower models, fewer epochs and, where 'made with' says so, smaller images",
        "two laboratories' runs of a CIFAR-10 cell differ by at most 0.47",
        "Handwritten digits (scikit-learn)",
    ),
    "perplexity": Measure(
        "perplexity", "min", "perplexity", "Test perplexity", "Fig. 5",
        "of batches 401 to 600 of the epoch, with dropout and without penalties", "data, recipes, batch size, dropouts",
        "narrower models and fewer epochs", "independent reruns of a cell have an sd of 0.1 to 0.4",
        "The text of Python's own help", many_reruns=True,
    ),
    "distance": Measure(
        "distance", "min", "Frechet distance", "Frechet distance", "Fig. 6", "",
        "data, recipes, batch size, turns", "narrower networks and fewer epochs", "",
        "Handwritten digits (scikit-learn)",
    ),
}  # fmt: skip
OF_TASKS = {"Classification": "accuracy", "LanguageModel": "perplexity", "GAN": "distance"}  # by the task's class


def measure_of(grid: Grid) -> Measure:
    """The measure that the grid's health is stated in; of a grid that states none, its task's.

    Raises UserError where neither tells."""
    if name := grid.healthy.get("metric"):
        return named_measure(name)
    scale = grid.scales[0]
    target = present_request(grid.cells(scale)[0]).config["task"]["_target_"]
    task = target.rpartition(".")[2]
    if task not in OF_TASKS:
        raise UserError(f"grid {grid.name} must say what it is judged by, as in `healthy: {{metric: test/accuracy}}`: "
                        f"nothing is known of its task {task}")  # fmt: skip
    return MEASURES[OF_TASKS[task]]


def named_measure(name: str) -> Measure:
    """The measure of a score's name, "accuracy" or with its split ("test/accuracy"). Raises UserError for others."""
    word = name.rpartition("/")[2]
    if word not in MEASURES:
        raise UserError(f"no words for the measure {word!r}; there are {', '.join(MEASURES)}")
    return MEASURES[word]
