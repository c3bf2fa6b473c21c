"""What is refused before a study trains anything: a space that does not fit its optimizer, selection on test data."""

from __future__ import annotations

from collections.abc import Iterator
from inspect import signature

import torch

from experiments.config.errors import UserError, nearest
from experiments.studies.space import Dimension
from experiments.studies.study import Study, hyperparameters_of


def check_study(study: Study) -> None:
    """Refuse what could not be trained, before anything is: a space that does not fit, selection on test data.

    Raises:
        UserError: with the study's optimizer and what is wrong.
    """
    check_space(study)
    request = study.request(study.trial_seeds[0], *study.some_point)
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
    plain, optimizer_class = study.defaults()
    known = set(plain) | {name for name in signature(optimizer_class).parameters if name not in ("self", "params")}
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
        values = {**plain, **hyperparameters_of(plain, point)}
        try:
            given = {key: value for key, value in values.items() if value is not None}
            optimizer_class([torch.nn.Parameter(torch.zeros(2))], **given)
        except Exception as error:
            raise UserError(f"search space of {study.optimizer}: {point} is refused: {error}") from error


def corners(dimensions: tuple[Dimension, ...]) -> Iterator[dict[str, float]]:
    """The points with all values low, and with all high."""
    yield {d.key: d.low for d in dimensions}
    yield {d.key: d.high for d in dimensions}
