"""From the overrides of a command line to one resolved configuration, its cell and its fingerprint."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from experiments.config import composition
from experiments.config.cell import Cell
from experiments.config.errors import UserError
from experiments.config.fingerprint import canonical_text, fingerprint, flatten, is_counted
from experiments.config.number_ranges import check_numbers
from experiments.config.recipes import expand_tuned
from experiments.config.revisions import content_of, revision_of

GROUPS = ("task", "setting", "schedule", "data", "model", "optimizer", "protocol", "scale", "logger")
CELL = ("setting", "data", "model", "optimizer", "protocol", "scale")
# Keys of train.yaml itself that count; in a folder's name they stand as they are, an optimizer's without its prefix.
OWN_KEYS = ("epochs", "precision", "closure", "norm_batches", "batches_per_epoch", "dropout_stream")
INDIRECT = ("recipe", "scale", "rate_drops")  # what does not count itself, but changes values that do
DEFAULT_SCHEDULE = "step"  # the one that does not stand in a folder's name


@dataclass(frozen=True)
class Request:
    """What is asked for: a resolved configuration and the cell that it belongs to.

    overrides: the words of the command line that it was composed from, in their order.
    """

    config: dict[str, Any]
    cell: Cell
    overrides: tuple[str, ...] = ()

    @property
    def seed(self) -> int:
        return int(self.config["seed"])

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.config)

    @property
    def epochs(self) -> int:
        """How many epochs are asked for: `stop_after`, or the schedule's length."""
        stop = self.config["stop_after"]
        return self.config["epochs"] if stop is None else min(stop, self.config["epochs"])

    def with_seed(self, seed: int) -> Request:
        """The same request with another seed, on which no value of the suite's own configuration depends.

        Raises UserError for a seed that cannot be."""
        check_numbers({"seed": seed})
        kept = tuple(override for override in self.overrides if override.partition("=")[0] != "seed")
        return replace(self, config={**self.config, "seed": seed}, overrides=(*kept, f"seed={seed}"))

    def with_content(self, content: str) -> Request:
        """The same request for data with another content hash than the known one."""
        return replace(self, config={**self.config, "content": content})


def compose(overrides: Iterable[str]) -> Request:
    """Compose `train.yaml` with Hydra overrides such as "model=vgg11" or "optimizer.lr=0.01".

    Raises Hydra's and OmegaConf's exceptions for unknown names and keys, UserError for numbers that cannot be.
    """
    overrides = tuple(map(expand_tuned, overrides))
    values, choices = composition.resolved(overrides)
    check_numbers(values)
    cell = Cell(**{name: choices[name] for name in CELL})
    own = [override for override in overrides if override_key(override) not in GROUPS]
    for override in own:
        if override.startswith("~") and is_counted(override_key(override)):
            raise UserError(
                f"{override} cannot stand in a run's name: give {override_key(override)} a value, which may be null"
            )
    if any(is_counted(key) or key.partition(".")[0] in INDIRECT for key in map(override_key, own)):
        plain, _ = composition.resolved(tuple(o for o in overrides if o not in own), complete=False)
        cell = replace(cell, optimizer=cell.optimizer + canonical_overrides(plain, values))
    if choices["schedule"] != DEFAULT_SCHEDULE:
        cell = replace(cell, optimizer=f"{cell.optimizer},schedule={choices['schedule']}")
    targets = {part: values[part]["_target_"] for part in ("task", "data", "model", "optimizer")}
    config = {
        **values,
        "revision": {part: revision_of(target) for part, target in targets.items()},
        "content": content_of(targets["data"], choices["data"]),
    }
    return Request(config, cell, overrides)


def compose_ahead(asked: Iterable[Iterable[str]]) -> None:
    """Have the configurations of many lists of overrides ready, on all cores (see `composition.resolve_ahead`)."""
    questions: list[tuple[tuple[str, ...], bool]] = []
    for overrides in (tuple(map(expand_tuned, words)) for words in asked):
        questions.append((overrides, True))
        plain = tuple(override for override in overrides if override_key(override) in GROUPS)
        questions += [(plain, False)] if plain != overrides else []
    composition.resolve_ahead(questions)


def override_key(override: str) -> str:
    """The key of a Hydra override: "optimizer.lr" of "++optimizer.lr=0.01"."""
    return override.partition("=")[0].lstrip("+~")


def expected(cell: Cell) -> Request:
    """The request that a cell stands for in the present configuration, without reading any data."""
    return compose(overrides_of(cell))


def canonical_overrides(plain: dict[str, Any], config: dict[str, Any]) -> str:
    """Overrides as they stand in a folder's name: canonical, and only those that change a counted value."""
    before = dict(flatten(plain))
    changed = [(k, v) for k, v in sorted(flatten(config)) if is_counted(k) and before.get(k) != v]
    return "".join(f",{key.removeprefix('optimizer.')}={canonical_text(value)}" for key, value in changed)


def overrides_of(cell: Cell) -> list[str]:
    """The command-line overrides that ask for a cell."""
    optimizer, *overrides = cell.optimizer.split(",")
    words = [f"setting={cell.setting}", f"data={cell.data}", f"model={cell.model}", f"optimizer={optimizer}"]
    return [*words, f"protocol={cell.protocol}", f"scale={cell.scale}", *map(full_override, overrides)]


def full_override(override: str) -> str:
    """The Hydra override for one in a folder's name."""
    key, _, value = override.partition("=")
    if key == "schedule":
        return override
    path = key if "." in key or key in OWN_KEYS else f"optimizer.{key}"
    return f"++{path}={value.replace(' ', ',') if value.startswith('[') else value}"  # a list, or words with spaces
