"""A study: one optimizer's trials in one cell of one task. What it is stands in its `study.yaml`, so that whoever reads
it needs no other file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from inspect import signature
from pathlib import Path
from typing import Any

import torch
import yaml
from hydra.utils import get_object

from experiments.cli import nearest
from experiments.compose import Request, compose, resolved
from experiments.errors import UserError
from experiments.record import write_whole
from experiments.tuning.space import Dimension, Space

FILE = "study.yaml"
SAMPLERS, PRUNERS = ("quasi_random", "tpe", "grid"), ("median", "hyperband", "none")


@dataclass(frozen=True)
class Study:
    """One optimizer's search: `budget` trials in numbered slots, each the mean over the trial seeds of the best epoch's
    `select`; the best is run again with the fresh seeds.

    optimizer: a name of the suite, or an import path; words: overrides of every run; select, better, target: the score
    of the held-out data that chooses, its direction, and the value whose first epoch is told.
    """

    task: str
    setting: str
    data: str
    model: str
    optimizer: str
    protocol: str
    scale: str
    words: tuple[str, ...]
    space: Space
    sampler: str
    pruner: str
    budget: int
    trial_seeds: tuple[int, ...]
    fresh_seeds: tuple[int, ...]
    select: str
    better: str
    target: float | None

    @property
    def base(self) -> list[str]:
        """The words that every run of the study shares."""
        cell = {name: getattr(self, name) for name in ("setting", "data", "model", "protocol", "scale")}
        named = [f"optimizer={self.optimizer}"]
        if "." in self.optimizer:
            named = ["optimizer=external", f"optimizer._target_={self.optimizer}"]
        return [*(f"{key}={value}" for key, value in cell.items()), *named, *self.words]

    @property
    def path(self) -> Path:
        """Where it lies among the studies. What changes the trials is hashed into the name; a larger budget goes on."""
        drawn = {
            "words": self.words, "space": asdict(self.space), "sampler": self.sampler, "seeds": self.trial_seeds,
            "select": self.select, "better": self.better,
        }  # fmt: skip
        if self.pruner != PRUNERS[0]:  # an option added later: studies with the first one keep their names
            drawn["pruner"] = self.pruner
        digest = sha256(json.dumps(drawn, sort_keys=True).encode()).hexdigest()[:8]
        cell = Path(self.setting, self.data, self.model, self.optimizer, f"{self.protocol}-{self.scale}")
        return cell / f"{self.sampler}-{digest}"

    @property
    def sign(self) -> int:
        """Times a score: larger is better."""
        return 1 if self.better == "max" else -1

    @property
    def slots(self) -> int:
        """How many trials it has: the budget, or the grid's size."""
        return self.space.grid_size if self.sampler == "grid" else self.budget

    def request(self, seed: int, *words: str) -> Request:
        return compose([*self.base, *words, f"seed={seed}"])

    def overrides(self, values: Mapping[str, float]) -> list[str]:
        """The command-line words for a point of the space."""
        plain, _ = self.defaults()
        return [f"++optimizer.{key}={spelt(value)}" for key, value in set_values(plain, values).items()]

    @property
    def lowest(self) -> list[str]:
        """The words for the lowest value of everything: some point, where any will do."""
        return self.overrides({d.key: d.low for d in self.space.dimensions})

    def defaults(self, *words: str) -> tuple[dict[str, Any], Any]:
        """The optimizer's resolved values with the study's words and others, and its class. A missing rate is None."""
        values, _ = resolved((*self.base, *words), complete=False)
        node = values["optimizer"]
        try:
            made = get_object(node["_target_"])
        except Exception as error:
            raise UserError(f"{node['_target_']} cannot be imported: {error}") from error
        return {key: None if value == "???" else value for key, value in node.items() if key[0] != "_"}, made


def spelt(value: Any) -> str:
    return str(value).replace(" ", "")


def set_values(plain: Mapping[str, Any], values: Mapping[str, float]) -> dict[str, Any]:
    """The hyperparameters that a point sets: {"lr": 0.01, "1-betas.0": 0.1} is {"lr": 0.01, "betas": [0.9, 0.999]}."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        name, _, index = key.removeprefix("1-").partition(".")
        value = round(1 - value, 12) if key.startswith("1-") else value
        if index:
            whole = list(found.get(name, plain.get(name) or ()))
            whole[int(index)] = value
            found[name] = whole
        else:
            found[name] = value
    return found


def check(study: Study) -> None:
    """Refuse what could not be trained, before anything is: a space that does not fit, selection on test data.

    Raises:
        UserError: with the study's optimizer and what is wrong.
    """
    check_space(study)
    request = study.request(study.trial_seeds[0], *study.lowest)
    held_out = study.select.partition("/")[0]
    evaluated = request.config["protocol"]["evaluate"]
    if held_out == "test" or held_out not in evaluated:
        raise UserError(
            f"a study selects on held-out data, not on {held_out!r}: protocol {study.protocol} of {study.setting}"
            f" evaluates {', '.join(evaluated)}"
        )


def check_space(study: Study) -> None:
    """Refuse names that the optimizer does not have and values that it does not take, at the ends of the space or at a
    point of the grid.

    Raises:
        UserError: with the optimizer and what is wrong.
    """
    plain, made = study.defaults()
    known = set(plain) | {name for name in signature(made).parameters if name not in ("self", "params")}
    points = list(corners(study.space.dimensions))
    if study.sampler == "grid":
        if not study.space.grid:
            raise UserError(f"search space of {study.optimizer}: it has no grid of what is searched")
        points = [study.space.grid_point(number) for number in range(study.space.grid_size)]
    for key in dict.fromkeys(key for point in points for key in point):
        name, _, index = key.removeprefix("1-").partition(".")
        if name not in known:
            there = f"{nearest(name, list(known))}; there are {', '.join(sorted(known))}"
            raise UserError(f"search space of {study.optimizer}: it has no {name!r}{there}")
        if index and not (index.isdigit() and int(index) < len(plain.get(name) or ())):
            raise UserError(f"search space of {study.optimizer}: {name} has no element {index!r}")
    for point in points:
        values = {**plain, **set_values(plain, point)}
        try:
            given = {key: value for key, value in values.items() if value is not None}
            made([torch.nn.Parameter(torch.zeros(2))], **given)
        except Exception as error:
            raise UserError(f"search space of {study.optimizer}: {point} is refused: {error}") from error


def corners(dimensions: tuple[Dimension, ...]) -> Iterator[dict[str, float]]:
    """The points with all values low, and with all high."""
    yield {d.key: d.low for d in dimensions}
    yield {d.key: d.high for d in dimensions}


def write_study(study: Study, folder: Path) -> None:
    """Leave a study's description in its folder; unchanged it is not written again."""
    text = yaml.safe_dump(json.loads(json.dumps(asdict(study))), sort_keys=False)
    path = folder / FILE
    if not path.is_file() or path.read_text() != text:
        write_whole(path, text.encode())


def read_study(folder: Path) -> Study:
    content = yaml.safe_load((folder / FILE).read_text())
    space = content.pop("space")
    dimensions = tuple(Dimension(**entry) for entry in space["dimensions"])
    lists: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in content.items()}
    return Study(space=Space(dimensions, space["grid"]), **lists)
