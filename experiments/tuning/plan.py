"""Which studies a command line asks for: configs/study/<task>.yaml, its words, and a search space per optimizer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from experiments.call import default_scale, read
from experiments.cli import nearest
from experiments.errors import UserError
from experiments.identity import counts
from experiments.recipes import CONFIGS
from experiments.tuning.space import read_space, space_file
from experiments.tuning.study import PRUNERS, SAMPLERS, Study

STEERING = ("jobs", "on_failure", "retries", "max_seconds", "worker")


@dataclass(frozen=True)
class Tuning:
    """What `experiments.tune` is asked for. words: how runs are run (threads=1); they change no result."""

    title: str
    studies: tuple[Study, ...]
    words: tuple[str, ...] = ()
    storage: str | None = None
    jobs: int | None = None
    on_failure: str = "continue"
    retries: int = 0
    max_seconds: float | None = None
    worker: bool = False


def parse(words: Sequence[str]) -> Tuning:
    """Read `task=cifar scale=quick optimizer=adam,sgd budget=8 ...`; every other word is a Hydra override of all runs.

    Raises:
        UserError: unknown names, numbers that are none, tuning seeds among the fresh ones.
    """
    given: dict[str, str] = {}
    rest: list[str] = []
    for word in words:
        key, equals, value = word.partition("=")
        if not equals:
            raise UserError(f"every word is key=value, got {word!r}")
        if key in OWN:
            given[key] = value
        else:
            rest.append(word)
    content = load(given.get("task", "cifar"))
    scale = given.get("scale") or default_scale(tuple(content["budget"]))
    if scale not in content["budget"]:
        raise UserError(
            f"no scale {scale!r}{nearest(scale, list(content['budget']))}; there are {', '.join(content['budget'])}"
        )
    at = {key: at_scale(value, scale) for key, value in content.items()}
    seeds = {key: at_scale(value, scale) for key, value in content["seeds"].items()}
    how = tuple(w for w in rest if not counts(w.partition("=")[0].lstrip("+~")))
    own = (*at["words"], *(w for w in rest if w not in how))
    optimizers = given["optimizer"].split(",") if "optimizer" in given else at["optimizers"]
    if "space" in given and len(optimizers) != 1:
        raise UserError(f"space={given['space']} is for one optimizer; name it with optimizer=")
    search = given["search"].split(",") if "search" in given else at["search"]
    trial_seeds, fresh_seeds = (
        numbers(given, key, seeds[name]) for key, name in (("trial_seeds", "trials"), ("seeds", "fresh"))
    )
    if shared := set(trial_seeds) & set(fresh_seeds):
        raise UserError(f"seed {min(shared)} is a tuning seed: the winner is run again with fresh ones")
    data = given.get("data", at["data"])
    studies = tuple(
        Study(
            task=given.get("task", "cifar"), setting=content["setting"], data=data,
            model=given.get("model", at["model"]), optimizer=known(name), protocol=content["protocol"],
            scale=scale, words=own,
            space=read_space(Path(given["space"]) if "space" in given else space_file(name), ["lr"] if "." in name and "search" not in given else search),
            sampler=one_of("sampler", given.get("sampler", content["sampler"]), SAMPLERS),
            pruner=one_of("pruner", given.get("pruner", content["pruner"]), PRUNERS),
            budget=numbers(given, "budget", [at["budget"]])[0], trial_seeds=trial_seeds, fresh_seeds=fresh_seeds,
            select=content["select"], better=content["better"], target=content["target"].get(data),
        )
        for name in optimizers
    )  # fmt: skip
    steering = {key: read(key, given[key]) for key in STEERING if key in given}
    return Tuning(content["title"], studies, how, given.get("storage"), **steering)


OWN = (
    "task", "scale", "data", "model", "optimizer", "budget", "sampler", "pruner", "storage", "space", "search",
    "seeds", "trial_seeds", *STEERING,
)  # fmt: skip


def load(task: str) -> dict[str, Any]:
    names = sorted(path.stem for path in (CONFIGS / "study").glob("*.yaml"))
    if task not in names:
        raise UserError(f"no study of the task {task!r}{nearest(task, names)}; there are {', '.join(names)}")
    content: Any = OmegaConf.to_container(OmegaConf.load(CONFIGS / "study" / f"{task}.yaml"))
    return content


def at_scale(value: Any, scale: str) -> Any:
    """A study file's value at a scale."""
    return value[scale] if isinstance(value, dict) and scale in value else value


def known(optimizer: str) -> str:
    """An optimizer's name if the suite has it, or an import path."""
    names = sorted(path.stem for path in (CONFIGS / "optimizer").glob("*.yaml") if path.stem != "external")
    if optimizer not in names and "." not in optimizer:
        raise UserError(
            f"no optimizer called {optimizer!r}{nearest(optimizer, names)}; there are {', '.join(names)}, and any other"
            " by its import path"
        )
    return optimizer


def numbers(given: dict[str, str], key: str, default: Sequence[int]) -> tuple[int, ...]:
    """One or more whole numbers, not negative."""
    try:
        found = tuple(int(value) for value in given[key].split(",")) if key in given else tuple(default)
    except ValueError:
        raise UserError(f"{key} takes whole numbers, got {given[key]!r}") from None
    if not found or min(found) < (1 if key == "budget" else 0):
        raise UserError(
            f"{key} must be {'one or more' if key == 'budget' else 'numbers from 0 on'}, got {given.get(key)!r}"
        )
    return found


def one_of(key: str, value: str, choices: Sequence[str]) -> str:
    if value not in choices:
        raise UserError(f"{key} must be one of {', '.join(choices)}, got {value!r}")
    return value
