"""A study: one optimizer's trials in one cell of one task. What it is stands in its `study.yaml`, so that whoever reads
it needs no other file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from experiments.config.compose import Request, compose
from experiments.config.composition import resolved
from experiments.config.errors import UserError
from experiments.config.yaml_files import dump_yaml, parse_yaml
from experiments.store.atomic_write import atomic_write
from experiments.studies.space import Dimension, Space

FILE = "study.yaml"
WORDS = {"overrides": "words"}  # names of fields in the file, where they are others
SAMPLERS, PRUNERS = ("quasi_random", "tpe", "grid"), ("median", "hyperband", "none")


@dataclass(frozen=True)
class Study:
    """One optimizer's search: `budget` numbered trials, each scored by the mean over the trial seeds of the best
    epoch's `select`; the best is run again with the fresh seeds.

    optimizer: a name of the suite, or an import path; overrides: Hydra's, of every run; select, better, target: the
    score of the held-out data that chooses, its direction, and the value whose first epoch is told.
    """

    task: str
    setting: str
    data: str
    model: str
    optimizer: str
    protocol: str
    scale: str
    overrides: tuple[str, ...]
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
        """The overrides that every run of the study shares."""
        cell = {name: getattr(self, name) for name in ("setting", "data", "model", "protocol", "scale")}
        named = [f"optimizer={self.optimizer}"]
        if "." in self.optimizer:
            named = ["optimizer=external", f"optimizer._target_={self.optimizer}"]
        return [*(f"{key}={value}" for key, value in cell.items()), *named, *self.overrides]

    @property
    def path(self) -> Path:
        """Where it lies among the studies. What changes the trials is hashed into the name; a larger budget goes on."""
        drawn = {
            "words": self.overrides, "space": asdict(self.space), "sampler": self.sampler, "seeds": self.trial_seeds,
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
    def n_trials(self) -> int:
        """How many trials it has: the budget, or the grid's size."""
        return self.space.grid_size if self.sampler == "grid" else self.budget

    def request(self, seed: int, *overrides: str) -> Request:
        """One run of the study, with further overrides."""
        return compose([*self.base, *overrides, f"seed={seed}"])

    def requests(self, seeds: Sequence[int], *overrides: str) -> list[Request]:
        """One run for each seed, composed once."""
        first = self.request(seeds[0], *overrides) if seeds else None
        return [first.with_seed(seed) for seed in seeds] if first else []

    def overrides_for(self, values: Mapping[str, float]) -> list[str]:
        """The Hydra overrides for a point of the space."""
        plain = self.optimizer_values()
        return [f"++optimizer.{key}={override_text(value)}" for key, value in hyperparameters_of(plain, values).items()]

    @property
    def some_point(self) -> list[str]:
        """The overrides for the lowest value of everything: some point, where any will do."""
        return self.overrides_for({d.key: d.low for d in self.space.dimensions})

    def optimizer_node(self, *overrides: str) -> dict[str, Any]:
        """The optimizer's part of the configuration with the study's overrides and others, as Hydra resolves it."""
        values, _ = resolved((*self.base, *overrides), complete=False)
        node: dict[str, Any] = values["optimizer"]
        return node

    def optimizer_values(self, *overrides: str) -> dict[str, Any]:
        """The optimizer's resolved values with the study's overrides and others. A missing rate is None."""
        node = self.optimizer_node(*overrides)
        return {key: None if value == "???" else value for key, value in node.items() if key[0] != "_"}

    def defaults(self, *overrides: str) -> tuple[dict[str, Any], Any]:
        """The optimizer's resolved values, as `optimizer_values`, and its class.

        Raises UserError for a class that cannot be imported."""
        from hydra.utils import get_object

        target = self.optimizer_node(*overrides)["_target_"]
        try:
            optimizer_class = get_object(target)
        except Exception as error:
            raise UserError(f"{target} cannot be imported: {error}") from error
        return self.optimizer_values(*overrides), optimizer_class


def override_text(value: Any) -> str:
    return str(value).replace(" ", "")


def hyperparameters_of(plain: Mapping[str, Any], values: Mapping[str, float]) -> dict[str, Any]:
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


def write_study(study: Study, folder: Path) -> None:
    """Leave a study's description in its folder; unchanged it is not written again."""
    content = {WORDS.get(key, key): value for key, value in asdict(study).items()}
    text = dump_yaml(json.loads(json.dumps(content)))
    path = folder / FILE
    if not path.is_file() or path.read_text() != text:
        atomic_write(path, text.encode())


def read_study(folder: Path) -> Study:
    """The study that a folder describes."""
    content = parse_yaml((folder / FILE).read_bytes())
    content = {key: content[WORDS.get(key, key)] for key in Study.__dataclass_fields__}
    space = content.pop("space")
    dimensions = tuple(Dimension(**entry) for entry in space["dimensions"])
    lists: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in content.items()}
    return Study(space=Space(dimensions, space["grid"]), **lists)
