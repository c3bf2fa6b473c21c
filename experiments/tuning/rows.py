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
from experiments.standing import ARCHIVE
from experiments.tuning.slots import Slots, Trial
from experiments.tuning.study import Study

KINDS = ("recipe", "defaults", "tuned")  # the setting's row, the optimizer's own values, the study's winner


def contestants(slots: Slots) -> dict[str, list[Request]]:
    """The runs with fresh seeds by kind; a kind that the optimizer does not have (no default rate, no row, no trial at
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
    """Write the winner into <setting>/<optimizer>.yaml beside the store, under its cell; other cells' rows stay."""
    study, store = slots.study, slots.stores[0]
    path = tuned_of(store) / study.setting / f"{study.optimizer}.yaml"
    with claim(store, Path("tuned", study.setting, study.optimizer), wait=True):
        rows: dict[str, Any] = (yaml.safe_load(path.read_text()) if path.is_file() else None) or {}
        if not isinstance(rows, dict):
            raise UserError(f"{path} must hold a mapping of rows")
        row = {**values(study, slots.requests(winner.values)[0]), "source": source(study, slots.trials(), winner)}
        rows[f"{study.data}/{study.model}/{study.protocol}-{study.scale}"] = row
        text = yaml.safe_dump(rows, sort_keys=False, width=1000)
        write_whole(
            path, ("# Written by `make tune`; recipe=tuned takes the row of the cell at hand.\n" + text).encode()
        )
    return path


def tuned_of(store: Path) -> Path:
    """Where the rows lie that belong to a store."""
    return store / "tuned" if store == ARCHIVE else store.parent / "tuned"


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
        f"tuned: trial {winner.slot} of {len(at_end)} ({study.sampler.replace('_', '-')}), best {study.select} "
        f"{winner.outcome.value:.2f}, seed {seeds}{also}"  # type: ignore[union-attr]
    )
