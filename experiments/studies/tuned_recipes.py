"""What a study's winner is compared with, and the row that it leaves for `recipe=tuned`."""

from __future__ import annotations

from collections.abc import Sequence
from inspect import Parameter
from pathlib import Path
from typing import Any

from experiments.config.compose import Request
from experiments.config.errors import UserError
from experiments.config.fingerprint import is_counted
from experiments.config.revisions import default_argument
from experiments.config.yaml_files import dump_yaml, read_yaml
from experiments.store.atomic_write import atomic_write
from experiments.store.lock import run_lock
from experiments.studies.study import Study
from experiments.studies.trials import StudyTrials, Trial, beside_store


def final_requests(study_trials: StudyTrials, winner: Trial | None = None) -> dict[str, list[Request]]:
    """The runs with fresh seeds by kind: the setting's row (recipe), the optimizer's own values (defaults), the study's
    `winner` (tuned), which is read unless given; a kind that the optimizer does not have (no default rate, no row, no
    trial at its end) is left out."""
    study, winner = study_trials.study, winner or study_trials.winner()
    words: dict[str, list[str] | None] = {
        "recipe": None if "." in study.optimizer else [],
        "defaults": own_defaults(study),
        "tuned": study.overrides_for(winner.values) if winner else None,
    }
    return {
        kind: study.requests(study.fresh_seeds, *found, *study_trials.how)
        for kind, found in words.items()
        if found is not None
    }


def own_defaults(study: Study) -> list[str] | None:
    """The words for an optimizer with nothing but its own defaults, or None where it has no default rate."""
    if study.optimizer_values("recipe=none").get("lr") is not None:
        return ["recipe=none"]
    rate = default_argument(study.optimizer_node("recipe=none")["_target_"], "lr")
    return None if rate is Parameter.empty else ["recipe=none", f"optimizer.lr={rate}"]


def write_tuned_recipe(study_trials: StudyTrials, winner: Trial) -> Path:
    """Write the winner into the file of its optimizer that belongs to the store."""
    row = {
        **hyperparameters(study_trials.study, study_trials.requests(winner.values)[0]),
        "source": source_text(study_trials.study, study_trials.drawn_trials(), winner),
    }
    store = study_trials.stores[0]
    with run_lock(store, Path("tuned", study_trials.study.setting, study_trials.study.optimizer), wait=True):
        return save_tuned_recipe(store, study_trials.study, row)


def save_tuned_recipe(store: Path, study: Study, row: dict[str, Any]) -> Path:
    """Write a row into <setting>/<optimizer>.yaml under the study's cell; other cells' rows stay."""
    path = tuned_file(store, study)
    text = dump_yaml({**read_tuned_file(path), place_in_file(study): row}, width=1000)
    head = "# Written by `make tune`; recipe=tuned takes the row of the cell at hand.\n"
    atomic_write(path, (head + text).encode())
    return path


def read_tuned_recipe(store: Path, study: Study) -> dict[str, Any] | None:
    """The row that was written for the study's cell, if there is one."""
    return read_tuned_file(tuned_file(store, study)).get(place_in_file(study))


def read_tuned_file(path: Path) -> dict[str, Any]:
    rows = (read_yaml(path) if path.is_file() else None) or {}
    if not isinstance(rows, dict):
        raise UserError(f"{path} must hold a mapping of rows")
    return rows


def tuned_file(store: Path, study: Study) -> Path:
    return beside_store(store, "tuned") / study.setting / f"{study.optimizer}.yaml"


def place_in_file(study: Study) -> str:
    return f"{study.data}/{study.model}/{study.protocol}-{study.scale}"


def hyperparameters(study: Study, request: Request) -> dict[str, Any]:
    """All values of the optimizer that count, whole: a row leaves nothing to what it is laid over."""
    node = request.config["optimizer"]
    left_out = () if "." in study.optimizer else ("_target_",)
    return {key: value for key, value in node.items() if is_counted(f"optimizer.{key}") and key not in left_out}


def source_text(study: Study, trials: Sequence[Trial], winner: Trial) -> str:
    at_end = [trial for trial in trials if trial.outcome]
    also = f", with {' '.join(study.overrides)}" if study.overrides else ""
    seeds = ", ".join(map(str, study.trial_seeds))
    return (
        f"tuned: trial {winner.number + 1} of {len(at_end)} ({study.sampler.replace('_', '-')}), best {study.select} "
        f"{winner.outcome.value:.2f}, seed {seeds}{also}"  # type: ignore[union-attr]
    )
