"""One run from request to record: locked, resumed where it stood, written so that a kill at any moment loses at most
the epoch in flight (or the epochs since the last checkpoint)."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
import yaml

from experiments.config.compose import Request
from experiments.config.errors import UserError
from experiments.config.fingerprint import difference, fingerprint
from experiments.runs import environment
from experiments.runs.instantiate import instantiate_or_explain
from experiments.runs.progress import ProgressBar
from experiments.runs.recorder import PruningCallback, RunRecorder
from experiments.store.atomic_write import atomic_write
from experiments.store.lock import run_lock
from experiments.store.run_files import (
    AT_END,
    METRICS,
    SUMMARY,
    TIMES,
    read_lines,
    read_record,
    run_path,
    set_aside,
    truncate_epochs,
    write_config,
)
from experiments.training import checkpoint as checkpoints
from experiments.training.denominator_floor import Floors
from experiments.training.loop import RunPlan, fit, has_diverged
from experiments.training.task import Task

FAILURE = "failure.txt"


def run(request: Request, label: str | None = None, pruning: PruningCallback | None = None) -> str:
    """Bring a request to rest, or as far as its `max_seconds` allow, or until `pruning` answers that it is enough.

    Returns "done" (nothing to do), "busy" (another process has it), or what the loop returned: "complete", "partial",
    "diverged", "unfinished", "pruned", "unscored". Raises UserError for bad input before anything is written.
    """
    request = request.with_content(load_data(request).content)
    store, path = Path(request.config["store"]), run_path(request)
    with run_lock(store, path) as free:
        if not free:
            return "busy"
        found = read_record(store, path)
        if found and fingerprint(found.config) != request.fingerprint:
            print(f"{path}: {difference(found.config, request.config)}; run again, the old record is set aside")
            set_aside(found.folder, fingerprint(found.config))
        elif found and found.answers(request.epochs):
            return "done"
        return train(request, store / path, label or f"{request.cell} seed {request.seed}", pruning)


def train(request: Request, folder: Path, label: str, pruning: PruningCallback | None = None) -> str:
    """Train a request in its folder, from its checkpoint where there is one."""
    config = request.config
    state = resume_point(folder)
    device = environment.prepare(config, state["threads"] if state else None)
    task = build_task(request, device)
    if state:
        checkpoints.restore(task, state)
    first = state["epochs_done"] if state else 0
    floors = Floors(task.players) if config["at_floor"] else None
    logger = instantiate_or_explain("logger", config["logger"])
    schedule = instantiate_or_explain("schedule", config["schedule"], epochs=config["epochs"])
    bar = ProgressBar(label, run_plan(request).last, task.unit, task.metric.name, first, config["progress"])
    write_config(folder, for_record(config, device))
    for name in (SUMMARY, FAILURE):
        (folder / name).unlink(missing_ok=True)
    truncate_epochs(folder / TIMES, first)
    lines = truncate_epochs(folder / METRICS, first)
    with bar:
        recorder = RunRecorder(folder, request, task, device, bar, logger, data_origin(request), pruning, floors)
        summary = None
        logger.start(recorder.identity, config, lines)
        try:
            if lines and has_diverged(lines[-1]):  # killed before it could say so
                status = "diverged"
            else:
                status = fit(task, schedule, run_plan(request), recorder, first)
            summary = None if status == "unfinished" else recorder.finish(status)
        finally:
            logger.finish(summary)
    if status in (*AT_END, "pruned") and not config["keep_weights"]:
        (folder / checkpoints.FILE).unlink(missing_ok=True)
    return status


def run_plan(request: Request) -> RunPlan:
    """What the loop has to know of a request."""
    config = request.config
    return RunPlan(
        request.seed, config["epochs"], intervals(config["protocol"]["evaluate"]),
        config["stop_after"], config["max_seconds"], config["precision"],
        config["batches_per_epoch"], config["dropout_stream"] or "dropout",
    )  # fmt: skip


def data_origin(request: Request) -> dict[str, Any]:
    """What a summary says of the data: the hashes of its files, or how many images of it are used."""
    data = load_data(request)
    used = {"images": data.used} if hasattr(data, "used") else {}
    return {"files": getattr(data, "files", {}), **used}


def intervals(evaluate: list[str] | dict[str, int | str]) -> dict[str, int]:
    """After how many epochs each split is scored, as the loop wants it: a list means each epoch, "end" is 0."""
    if isinstance(evaluate, list):
        return dict.fromkeys(evaluate, 1)
    return {split: 0 if value == "end" else int(value) for split, value in evaluate.items()}


def resume_point(folder: Path) -> dict[str, Any] | None:
    """The checkpoint to go on from, if there is one with all the epochs before it. Changes nothing."""
    state = checkpoints.load(folder)
    return state if state and len(read_lines(folder / METRICS)) >= state["epochs_done"] else None


@lru_cache(maxsize=2)
def _load_data(node: str) -> Any:
    return instantiate_or_explain("data", yaml.safe_load(node))


def load_data(request: Request) -> Any:
    """The request's data set, decoded; kept for the next runs of this process."""
    return _load_data(yaml.safe_dump(request.config["data"]))


def build_task(request: Request, device: str, data: Any = None) -> Task:
    """The task of a request, with its players, ready to train, on its own data or on those given.

    Raises UserError for arguments that the task, the model or the optimizer refuses.
    """
    config = request.config
    protocol = {key: value for key, value in config["protocol"].items() if key not in ("name", "evaluate")}
    # Hydra would turn the data, a dataclass, into a dict, so they are given afterwards.
    task = instantiate_or_explain("task", {**config["task"], "_partial_": True})
    model = instantiate_or_explain("model", {**config["model"], "_partial_": True})
    optimizer = instantiate_or_explain("optimizer", config["optimizer"])
    try:
        return task(
            data=data or load_data(request), model=model, optimizer=optimizer, seed=request.seed, device=device,
            closure=config["closure"], compile=config["compile"], norm_batches=config["norm_batches"], **protocol,
        )  # fmt: skip
    except (TypeError, ValueError) as error:
        raise UserError(f"{request.cell}: {error}") from error


def for_record(config: dict[str, Any], device: str) -> dict[str, Any]:
    """The configuration as recorded: what was `auto` is resolved, where things lie is left out."""
    data = {key: value for key, value in config["data"].items() if key != "root"}
    recorded = {**config, "data": data, "device": device, "threads": torch.get_num_threads()}
    return {key: value for key, value in recorded.items() if key not in ("store", "logger", "progress")}


def note_failure(request: Request, text: str) -> None:
    """Leave a traceback in the folder of a run that failed, if it has one."""
    folder = Path(request.config["store"], run_path(request))
    if folder.is_dir():
        atomic_write(folder / FAILURE, text.encode())
