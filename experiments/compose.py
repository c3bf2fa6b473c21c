"""From command-line words to one resolved configuration, its cell and its fingerprint."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import import_module
from typing import Any

import hydra
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import OmegaConf

from experiments import recipes
from experiments.bounds import check
from experiments.cell import Cell
from experiments.errors import UserError
from experiments.identity import counts, fingerprint, flatten, spelling

# Keys of train.yaml itself that count; in a folder's name they stand as they are, an optimizer's without its prefix.
OWN_KEYS = ("epochs", "precision", "step", "norm_batches", "batches_per_epoch", "dropout_stream")
GROUPS = ("task", "setting", "data", "model", "optimizer", "protocol", "scale", "logger")

recipes.register()
recipes.register_tuned(recipes.tuned_roots())
OmegaConf.register_new_resolver("quarter", lambda n: max(1, int(n) // 4), replace=True)


@dataclass(frozen=True)
class Request:
    """What is asked for: a resolved configuration and the cell that it belongs to."""

    config: dict[str, Any]
    cell: Cell
    words: tuple[str, ...] = ()

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
        check({"seed": seed})
        words = tuple(word for word in self.words if word.partition("=")[0] != "seed")
        return replace(self, config={**self.config, "seed": seed}, words=(*words, f"seed={seed}"))

    def with_content(self, content: str) -> Request:
        """The same request for data with another content hash than the known one."""
        return replace(self, config={**self.config, "content": content})


def compose(words: Iterable[str]) -> Request:
    """Compose `train.yaml` with Hydra overrides such as "model=vgg11" or "optimizer.lr=0.01".

    Raises Hydra's and OmegaConf's exceptions for unknown names and keys, UserError for numbers that cannot be.
    """
    words = tuple(map(recipes.spelt_out, words))
    values, choices = resolved(words)
    check(values)
    cell = Cell(**{name: choices[name] for name in ("setting", "data", "model", "optimizer", "protocol", "scale")})
    own = [w for w in words if w.partition("=")[0].lstrip("+~") not in GROUPS]
    keys = [w.partition("=")[0].lstrip("+~") for w in own]
    for word, key in zip(own, keys):
        if word.startswith("~") and counts(key):
            raise UserError(f"{word} cannot stand in a run's name: give {key} a value, which may be null")
    # Another recipe and a scale's value stand for counted ones.
    if any(counts(key) or key == "recipe" or key.startswith("scale.") for key in keys):
        plain, _ = resolved(tuple(w for w in words if w not in own), complete=False)
        cell = replace(cell, optimizer=cell.optimizer + spelt(plain, values))
    targets = {part: module_of(values[part]["_target_"]) for part in ("task", "data", "model", "optimizer")}
    config = {
        **values,
        "revision": {part: getattr(module, "REVISION", None) for part, module in targets.items()},
        "content": getattr(targets["data"], "CONTENT", {}).get(choices["data"]),
    }
    return Request(config, cell, words)


def expected(cell: Cell) -> Request:
    """The request that a cell stands for in the present configuration, without reading any data."""
    return compose(words_of(cell))


@lru_cache(maxsize=512)
def resolved(words: tuple[str, ...], complete: bool = True) -> tuple[dict[str, Any], dict[str, str]]:
    """Hydra's answer to the words, without interpolations, and its choices. Values that are still missing raise, or
    stay "???" if it need not be `complete`."""
    outer, GlobalHydra.instance().hydra = GlobalHydra.instance().hydra, None  # inside of a job of hydra.main too
    try:
        with hydra.initialize_config_dir(str(recipes.CONFIGS), version_base="1.3"):
            full = hydra.compose("train", list(words), return_hydra_config=True)
    finally:
        GlobalHydra.instance().hydra = outer
    HydraConfig.instance().set_config(full)  # what ${hydra:...} reads
    choices = dict(full.hydra.runtime.choices)
    full = OmegaConf.masked_copy(full, [str(key) for key in full if key != "hydra"])
    values: Any = OmegaConf.to_container(full, resolve=True, throw_on_missing=complete)
    return values, choices


def module_of(target: str) -> Any:
    """The module that defines what a `_target_` names ("optimizers.Adam" lives in optimizers/adam.py)."""
    path, _, name = target.rpartition(".")
    try:
        return sys.modules[getattr(import_module(path), name).__module__]
    except (ImportError, AttributeError, ValueError) as error:
        raise UserError(f"_target_={target!r} cannot be imported: {error}") from error


def spelt(plain: dict[str, Any], config: dict[str, Any]) -> str:
    """Overrides as they stand in a folder's name: canonical, and only those that change a counted value."""
    before = dict(flatten(plain))
    changed = [(k, v) for k, v in sorted(flatten(config)) if counts(k) and before.get(k) != v]
    return "".join(f",{key.removeprefix('optimizer.')}={spelling(value)}" for key, value in changed)


def words_of(cell: Cell) -> list[str]:
    """The command-line words that ask for a cell."""
    optimizer, *overrides = cell.optimizer.split(",")
    words = [f"setting={cell.setting}", f"data={cell.data}", f"model={cell.model}", f"optimizer={optimizer}"]
    return [*words, f"protocol={cell.protocol}", f"scale={cell.scale}", *map(full_key, overrides)]


def full_key(word: str) -> str:
    """The Hydra word for an override in a folder's name."""
    key, _, value = word.partition("=")
    path = key if "." in key or key in OWN_KEYS else f"optimizer.{key}"
    return f"++{path}={value.replace(' ', ',') if value.startswith('[') else value}"  # a list, or a word with spaces


__all__ = ["Request", "compose", "expected", "words_of"]
