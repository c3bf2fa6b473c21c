"""What a study's winner is compared with, and the row that it leaves for `recipe=tuned`."""

from __future__ import annotations

from collections.abc import Sequence
from inspect import Parameter, signature
from pathlib import Path
from typing import Any

import yaml

from experiments.claim import claim
from experiments.compose import Request
from experiments.errors import UserError
from experiments.identity import counts
from experiments.record import write_whole
from experiments.tuning.slots import Slots, Trial, beside
from experiments.tuning.study import Study


def contestants(slots: Slots) -> dict[str, list[Request]]:
    """The runs with fresh seeds by kind: the setting's row (recipe), the optimizer's own values (defaults), the study's
    winner (tuned); a kind that the optimizer does not have (no default rate, no row, no trial at
    its end) is left out."""
    study, winner = slots.study, slots.winner()
    words: dict[str, list[str] | None] = {
        "recipe": None if "." in study.optimizer else [],
        "defaults": own_defaults(study),
        "tuned": study.overrides(winner.values) if winner else None,
    }
    return {
        kind: [study.request(seed, *found, *slots.how) for seed in study.fresh_seeds]
        for kind, found in words.items()
        if found is not None
    }


def own_defaults(study: Study) -> list[str] | None:
    """The words for an optimizer with nothing but its own defaults, or None where it has no default rate."""
    plain, made = study.defaults("recipe=none")
    if plain.get("lr") is not None:
        return ["recipe=none"]
    default = signature(made).parameters["lr"].default if "lr" in signature(made).parameters else Parameter.empty
    return None if default is Parameter.empty else ["recipe=none", f"optimizer.lr={default}"]


def write_row(slots: Slots, winner: Trial) -> Path:
    """Write the winner into the file of its optimizer that belongs to the store."""
    row = {
        **values(slots.study, slots.requests(winner.values)[0]),
        "source": source(slots.study, slots.trials(), winner),
    }
    store = slots.stores[0]
    with claim(store, Path("tuned", slots.study.setting, slots.study.optimizer), wait=True):
        return keep_row(store, slots.study, row)


def keep_row(store: Path, study: Study, row: dict[str, Any]) -> Path:
    """Write a row into <setting>/<optimizer>.yaml under the study's cell; other cells' rows stay."""
    path = row_file(store, study)
    text = yaml.safe_dump({**read_rows(path), place(study): row}, sort_keys=False, width=1000)
    head = "# Written by `make tune`; recipe=tuned takes the row of the cell at hand.\n"
    write_whole(path, (head + text).encode())
    return path


def read_row(store: Path, study: Study) -> dict[str, Any] | None:
    """The row that was written for the study's cell, if there is one."""
    return read_rows(row_file(store, study)).get(place(study))


def read_rows(path: Path) -> dict[str, Any]:
    rows = (yaml.safe_load(path.read_text()) if path.is_file() else None) or {}
    if not isinstance(rows, dict):
        raise UserError(f"{path} must hold a mapping of rows")
    return rows


def row_file(store: Path, study: Study) -> Path:
    return beside(store, "tuned") / study.setting / f"{study.optimizer}.yaml"


def place(study: Study) -> str:
    return f"{study.data}/{study.model}/{study.protocol}-{study.scale}"


def values(study: Study, request: Request) -> dict[str, Any]:
    """All values of the optimizer that count, whole: a row leaves nothing to what it is laid over."""
    node = request.config["optimizer"]
    left_out = () if "." in study.optimizer else ("_target_",)
    return {key: value for key, value in node.items() if counts(f"optimizer.{key}") and key not in left_out}


def source(study: Study, trials: Sequence[Trial], winner: Trial) -> str:
    at_end = [trial for trial in trials if trial.outcome]
    also = f", with {' '.join(study.words)}" if study.words else ""
    seeds = ", ".join(map(str, study.trial_seeds))
    return (
        f"tuned: trial {winner.slot + 1} of {len(at_end)} ({study.sampler.replace('_', '-')}), best {study.select} "
        f"{winner.outcome.value:.2f}, seed {seeds}{also}"  # type: ignore[union-attr]
    )
