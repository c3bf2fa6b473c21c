"""One run from request to record: claimed, resumed where it stood, written so that a kill at any moment loses at most
the epoch in flight (or the epochs since the last checkpoint)."""

from __future__ import annotations

import shutil
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
import yaml
from hydra.errors import InstantiationException
from hydra.utils import instantiate

from experiments import checkpoint as checkpoints
from experiments import machine
from experiments.claim import claim
from experiments.compose import Request
from experiments.errors import UserError
from experiments.floor import Floors
from experiments.identity import difference, fingerprint
from experiments.loop import Plan, fit
from experiments.progress import Bar
from experiments.record import FINAL, keep_lines, read_lines, read_record, write_whole
from experiments.recorder import Recorder, Watch
from experiments.task import Task


def run(request: Request, label: str | None = None, watch: Watch | None = None) -> str:
    """Bring a request to rest, or as far as its `max_seconds` allow, or until `watch` answers that it is enough.

    Returns "done" (nothing to do), "busy" (another process has it), or what the loop returned: "complete", "partial",
    "diverged", "unfinished", "pruned", "unscored". Raises UserError for bad input before anything is written.
    """
    request = request.with_content(load_data(request).content)
    store, path = Path(request.config["store"]), run_path(request)
    with claim(store, path) as free:
        if not free:
            return "busy"
        found = read_record(store, path)
        if found and fingerprint(found.config) != request.fingerprint:
            print(f"{path}: {difference(found.config, request.config)}; run again, the old record is set aside")
            set_aside(found.folder, fingerprint(found.config))
        elif found and found.answers(request.epochs):
            return "done"
        return train(request, store / path, label or f"{request.cell} seed {request.seed}", watch)


def run_path(request: Request) -> Path:
    """Where a request's run lies in its store."""
    return request.cell.folder / f"seed={request.seed}"


def train(request: Request, folder: Path, label: str, watch: Watch | None = None) -> str:
    config = request.config
    state = resume_point(folder)
    device = machine.prepare(config, state["threads"] if state else None)
    task = build(request, device)
    if state:
        checkpoints.restore(task, state)
    first = state["epochs_done"] if state else 0
    floors = Floors(task.players) if config["at_floor"] else None
    plan = Plan(
        request.seed, config["epochs"], intervals(config["protocol"]["evaluate"]),
        config["stop_after"], config["max_seconds"], config["precision"],
        config["batches_per_epoch"], config["dropout_stream"] or "dropout",
    )  # fmt: skip
    mirror, schedule = instantiate(config["logger"]), instantiate(config["schedule"])
    bar = Bar(label, plan.last, task.unit, task.metric.name, first, config["progress"])
    write_whole(folder / "config.yaml", yaml.safe_dump(for_record(config, device), sort_keys=False).encode())
    for name in ("summary.json", "failure.txt"):
        (folder / name).unlink(missing_ok=True)
    keep_lines(folder / "times.jsonl", first)
    lines = keep_lines(folder / "metrics.jsonl", first)
    with bar:
        recorder = Recorder(folder, request, task, bar, mirror, str(run_path(request)), origin(request), watch, floors)
        mirror.start(recorder.heading, config, lines)
        status = fit(task, schedule, plan, recorder, first)
        summary = None if status == "unfinished" else recorder.finish(status)
        mirror.finish(summary)
    if status in (*FINAL, "pruned") and not config["keep_weights"]:
        (folder / checkpoints.FILE).unlink(missing_ok=True)
    return status


def origin(request: Request) -> dict[str, Any]:
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
    return state if state and len(read_lines(folder / "metrics.jsonl")) >= state["epochs_done"] else None


@lru_cache(maxsize=2)
def _load_data(node: str) -> Any:
    return made("data", yaml.safe_load(node))


def load_data(request: Request) -> Any:
    """The request's data set, decoded; kept for the next runs of this process."""
    return _load_data(yaml.safe_dump(request.config["data"]))


def build(request: Request, device: str, data: Any = None) -> Task:
    """The task of a request, with its players, ready to train, on its own data or on those given."""
    config = request.config
    protocol = {key: value for key, value in config["protocol"].items() if key not in ("name", "evaluate")}
    task = made("task", {**config["task"], "_partial_": True})  # Hydra would turn the data, a dataclass, into a dict
    model, optimizer = made("model", {**config["model"], "_partial_": True}), made("optimizer", config["optimizer"])
    try:
        return task(
            data=data or load_data(request), model=model, optimizer=optimizer, seed=request.seed, device=device,
            step=config["step"], compile=config["compile"], norm_batches=config["norm_batches"], **protocol,
        )  # fmt: skip
    except (TypeError, ValueError) as error:
        raise UserError(f"{request.cell}: {error}") from error


def made(what: str, node: dict[str, Any]) -> Any:
    """Instantiate a `_target_` node; a constructor's complaint becomes one sentence."""
    try:
        return instantiate(node, _convert_="all")
    except InstantiationException as error:
        cause = error.__cause__ or error
        raise UserError(f"{what}: {cause}") from cause


def for_record(config: dict[str, Any], device: str) -> dict[str, Any]:
    """The configuration as recorded: what was `auto` is resolved, where things lie is left out."""
    data = {key: value for key, value in config["data"].items() if key != "root"}
    recorded = {**config, "data": data, "device": device, "threads": torch.get_num_threads()}
    return {key: value for key, value in recorded.items() if key not in ("store", "logger", "progress")}


def set_aside(folder: Path, old: str) -> None:
    aside = folder.with_name(f"{folder.name}~{old[:8]}")
    shutil.rmtree(aside, ignore_errors=True)
    folder.rename(aside)


def note_failure(request: Request, text: str) -> None:
    """Leave a traceback in the folder of a run that failed, if it has one."""
    folder = Path(request.config["store"], run_path(request))
    if folder.is_dir():
        write_whole(folder / "failure.txt", text.encode())


__all__ = ["build", "load_data", "note_failure", "run", "run_path"]
