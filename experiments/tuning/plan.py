"""Which studies a command line asks for: configs/study/<task>.yaml, its words, and a search space per optimizer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from experiments.config.compose import override_key
from experiments.config.errors import UserError, nearest
from experiments.config.fingerprint import is_counted
from experiments.config.paths import CONFIGS
from experiments.config.yaml_files import read_yaml
from experiments.grid.grid_options import default_scale, known_optimizer, read_option
from experiments.studies.space import Space, read_space, space_file
from experiments.studies.study import PRUNERS, SAMPLERS, Study

STEERING = ("jobs", "on_failure", "retries", "max_seconds", "worker")
OWN = (
    "task", "setting", "scale", "data", "model", "optimizer", "protocol", "budget", "sampler", "pruner", "storage",
    "space", "search", "seeds", "trial_seeds", *STEERING,
)  # fmt: skip


@dataclass(frozen=True)
class Tuning:
    """What `experiments.tune` is asked for. overrides: how runs are run (threads=1); they change no
    result."""

    title: str
    studies: tuple[Study, ...]
    overrides: tuple[str, ...] = ()
    storage: str | None = None
    jobs: int | None = None
    on_failure: str = "continue"
    retries: int = 0
    max_seconds: float | None = None
    worker: bool = False


def parse_tuning(arguments: Sequence[str]) -> Tuning:
    """Read `task=cifar scale=quick optimizer=adam,sgd budget=8 ...`; all others are Hydra overrides.

    Raises:
        UserError: unknown names, numbers that are none, tuning seeds among the fresh ones, a bad search space.
    """
    given, rest = split_arguments(arguments)
    task = given.get("task", "cifar")
    file = load_study_file(task)
    scale = given.get("scale") or default_scale(tuple(file["budget"]))
    if scale not in file["budget"]:
        raise UserError(
            f"no scale {scale!r}{nearest(scale, list(file['budget']))}; there are {', '.join(file['budget'])}"
        )
    values = {key: value_at_scale(value, scale) for key, value in {**file, **file["seeds"]}.items()}
    values |= {key: value for key, value in given.items() if key in ("setting", "data", "model", "protocol")}
    how = tuple(o for o in rest if not is_counted(override_key(o)))
    trial_seeds, fresh_seeds = (
        parse_numbers(given, "trial_seeds", values["trials"]),
        parse_numbers(given, "seeds", values["fresh"]),
    )
    if shared := set(trial_seeds) & set(fresh_seeds):
        raise UserError(f"seed {min(shared)} is a tuning seed: the winner is run again with fresh ones")
    names = given["optimizer"].split(",") if "optimizer" in given else values["optimizers"]
    if "space" in given and len(names) != 1:
        raise UserError(f"space={given['space']} is for one optimizer; name it with optimizer=")
    sampler = checked_choice("sampler", given.get("sampler", values["sampler"]), SAMPLERS)
    studies = tuple(
        Study(
            task=task, setting=values["setting"], data=values["data"], model=values["model"],
            optimizer=known_optimizer(name),
            protocol=values["protocol"], scale=scale,
            overrides=merge_overrides(values["overrides"], [o for o in rest if o not in how]),
            space=narrowed_space(search_space(name, values["setting"], given, values["search"]), sampler, given),
            sampler=sampler,
            pruner=checked_choice("pruner", given.get("pruner", values["pruner"]), PRUNERS),
            budget=parse_numbers(given, "budget", [values["budget"]])[0],
            trial_seeds=trial_seeds, fresh_seeds=fresh_seeds,
            select=values["select"], better=values["better"], target=file["target"].get(values["data"]),
        )
        for name in names
    )  # fmt: skip
    steering = {key: read_option(key, given[key]) for key in STEERING if key in given}
    return Tuning(file["title"], studies, how, given.get("storage"), **steering)


def split_arguments(arguments: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """The command's own arguments by key, and Hydra's overrides."""
    given: dict[str, str] = {}
    rest = []
    for argument in arguments:
        key, equals, value = argument.partition("=")
        if not equals:
            raise UserError(f"every word is key=value, got {argument!r}")
        if key == "seed":
            raise UserError("a study takes trial_seeds and seeds, not seed")
        if key in OWN:
            given[key] = value
        else:
            rest.append(argument)
    return given, rest


def merge_overrides(overrides: Sequence[str], own: Sequence[str]) -> tuple[str, ...]:
    """The study file's overrides and the command line's, which win."""
    return (*(o for o in overrides if override_key(o) not in map(override_key, own)), *own)


def search_space(optimizer: str, setting: str, given: dict[str, str], search: list[str] | str) -> Space:
    """An optimizer's search space; a file that the command line names is searched whole, unless told."""
    search = given["search"].split(",") if given.get("search", "all") != "all" else given.get("search", search)
    if "space" in given:
        return read_space(Path(given["space"]), search if "search" in given else "all")
    return read_space(space_file(optimizer, setting), search)


def narrowed_space(space: Space, sampler: str, given: dict[str, str]) -> Space:
    """The space with what the command line says to search of the grid; without one where ranges are searched.

    Raises:
        UserError: something to search that the grid does not have.
    """
    if sampler != "grid":
        return replace(space, grid={})  # it decides nothing, so it must not name the study
    if given.get("search", "all") == "all":
        return space
    wanted = [key.removeprefix("1-") for key in given["search"].split(",")]
    kept = {key: values for key, values in space.grid.items() if key.removeprefix("1-") in wanted}
    if absent := set(wanted) - {key.removeprefix("1-") for key in kept}:
        raise UserError(f"the grid has no {', '.join(sorted(absent))}; there are {', '.join(space.grid) or 'none'}")
    return replace(space, grid=kept)


def load_study_file(task: str) -> dict[str, Any]:
    names = sorted(path.stem for path in (CONFIGS / "study").glob("*.yaml"))
    if task not in names:
        raise UserError(f"no study of the task {task!r}{nearest(task, names)}; there are {', '.join(names)}")
    content: dict[str, Any] = read_yaml(CONFIGS / "study" / f"{task}.yaml")
    return content


def value_at_scale(value: Any, scale: str) -> Any:
    """A study file's value at a scale."""
    return value[scale] if isinstance(value, dict) and scale in value else value


def parse_numbers(given: dict[str, str], key: str, default: Sequence[int]) -> tuple[int, ...]:
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


def checked_choice(key: str, value: str, choices: Sequence[str]) -> str:
    if value not in choices:
        raise UserError(f"{key} must be one of {', '.join(choices)}, got {value!r}")
    return value
