"""One run from request to record: claimed, resumed where it stood, written so that a kill at any moment loses at most
the epoch in flight (or the epochs since the last checkpoint)."""

from __future__ import annotations

import io
import shlex
import shutil
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
import yaml
from hydra.errors import InstantiationException
from hydra.utils import instantiate
from torchvision.utils import save_image

from experiments import checkpoint as checkpoints
from experiments import machine
from experiments.claim import claim
from experiments.compose import Request
from experiments.errors import UserError
from experiments.identity import difference, fingerprint
from experiments.loop import Plan, fit
from experiments.progress import Bar
from experiments.record import (
    FINAL,
    append_line,
    as_json,
    keep_lines,
    read_lines,
    read_record,
    scores,
    write_whole,
)  # fmt: skip
from experiments.task import Task


def run(request: Request, label: str | None = None) -> str:
    """Bring a request to rest, or as far as its `max_seconds` allow.

    Returns "done" (nothing to do), "busy" (another process has it), or what the loop returned: "complete", "partial",
    "diverged", "unfinished", "unscored". Raises UserError for bad input before anything is written.
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
        return train(request, store / path, label or f"{request.cell} seed {request.seed}")


def run_path(request: Request) -> Path:
    """Where a request's run lies in its store."""
    return request.cell.folder / f"seed={request.seed}"


def train(request: Request, folder: Path, label: str) -> str:
    config = request.config
    state = resume_point(folder)
    device = machine.prepare(config, state["threads"] if state else None)
    task = build(request, device)
    if state:
        checkpoints.restore(task, state)
    first = state["epochs_done"] if state else 0
    plan = Plan(
        request.seed, config["epochs"], intervals(config["protocol"]["evaluate"]),
        config["stop_after"], config["max_seconds"], config["precision"],
    )  # fmt: skip
    mirror, schedule = instantiate(config["logger"]), instantiate(config["schedule"])
    bar = Bar(label, plan.last, task.unit, task.metric.name, first, config["progress"])
    write_whole(folder / "config.yaml", yaml.safe_dump(for_record(config, device), sort_keys=False).encode())
    for name in ("summary.json", "failure.txt"):
        (folder / name).unlink(missing_ok=True)
    keep_lines(folder / "times.jsonl", first)
    lines = keep_lines(folder / "metrics.jsonl", first)
    with bar:
        recorder = Recorder(folder, request, task, bar, mirror)
        mirror.start(recorder.heading, config, lines)
        status = fit(task, schedule, plan, recorder, first)
        summary = None if status == "unfinished" else recorder.finish(status)
        mirror.finish(summary)
    if status in FINAL and not config["keep_weights"]:
        (folder / checkpoints.FILE).unlink(missing_ok=True)
    return status


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


def build(request: Request, device: str) -> Task:
    """The task of a request, with its players, ready to train."""
    config = request.config
    protocol = {key: value for key, value in config["protocol"].items() if key not in ("name", "evaluate")}
    task = made("task", {**config["task"], "_partial_": True})  # Hydra would turn the data, a dataclass, into a dict
    model, optimizer = made("model", {**config["model"], "_partial_": True}), made("optimizer", config["optimizer"])
    try:
        return task(
            data=load_data(request), model=model, optimizer=optimizer, seed=request.seed, device=device,
            step=config["step"], compile=config["compile"], norm_batches=config["norm_batches"], **protocol,
        )  # fmt: skip
    except (TypeError, ValueError) as error:
        raise UserError(f"{request.cell}: {error}") from error


def made(what: str, node: dict[str, Any]) -> Any:
    """Instantiate a `_target_` node; a constructor's complaint becomes one sentence."""
    try:
        return instantiate(node, _convert_="all")
    except InstantiationException as error:
        raise UserError(f"{what}: {error.__cause__ or error}") from error


def for_record(config: dict[str, Any], device: str) -> dict[str, Any]:
    """The configuration as recorded: what was `auto` is resolved, where things lie is left out."""
    data = {key: value for key, value in config["data"].items() if key != "root"}
    recorded = {**config, "data": data, "device": device, "threads": torch.get_num_threads()}
    return {key: value for key, value in recorded.items() if key not in ("store", "logger", "progress")}


def set_aside(folder: Path, old: str) -> None:
    aside = folder.with_name(f"{folder.name}~{old[:8]}")
    shutil.rmtree(aside, ignore_errors=True)
    folder.rename(aside)


class Recorder:
    """Writes a run's files as the loop goes, and shows it."""

    def __init__(self, folder: Path, request: Request, task: Task, bar: Bar, mirror: Any) -> None:
        self.folder, self.request, self.task, self.bar, self.mirror = folder, request, task, bar, mirror
        self.saved, self.items = machine.now(), 0
        self.heading = {
            "cell": vars(request.cell), "seed": request.seed, "fingerprint": request.fingerprint,
            "path": str(run_path(request)),
        }  # fmt: skip

    def tick(self, epoch: int, batch: int, of: int, sums: Any) -> None:
        self.items = max(sums.counts.values(), default=0)
        self.bar.tick(epoch, batch, of, sums)

    def epoch(self, epoch: int, scores: dict[str, float], seconds: float, checkpoint: bool) -> None:
        line = {"epoch": epoch, **scores}
        append_line(self.folder / "metrics.jsonl", line)
        append_line(self.folder / "times.jsonl", {"epoch": epoch, "seconds": round(seconds, 3)})
        if checkpoint or machine.now() - self.saved >= self.request.config["checkpoint_seconds"]:
            checkpoints.save(self.folder, self.task, epoch + 1)
            self.saved = machine.now()
        self.mirror.epoch(line)
        self.bar.epoch(epoch, scores, self.items)

    def late(self, scores: dict[str, float]) -> None:
        """Add scores to the last epoch's line."""
        path = self.folder / "metrics.jsonl"
        *before, last = read_lines(path)
        write_whole(path, "".join(as_json(line) + "\n" for line in [*before, last | scores]).encode())
        self.mirror.epoch({"epoch": last["epoch"], **scores})

    def images(self, epoch: int, images: dict[str, torch.Tensor]) -> None:
        """Keep images (n, 3, height, width) in [0, 1] as one grid each."""
        for name, batch in images.items():
            buffer = io.BytesIO()
            save_image(batch, buffer, format="png", nrow=round(len(batch) ** 0.5))
            write_whole(self.folder / name / f"epoch={epoch:03d}.png", buffer.getvalue())
            self.mirror.image(epoch, name, self.folder / name / f"epoch={epoch:03d}.png")

    def finish(self, status: str) -> dict[str, Any]:
        """Write the summary: the run is at rest."""
        unscored = {"unscored": True} if status == "unscored" else {}
        config, task = self.request.config, self.task
        metrics = read_lines(self.folder / "metrics.jsonl")
        seconds = sum(line["seconds"] for line in read_lines(self.folder / "times.jsonl"))
        select_on = getattr(task, "select_on", task.metric.name)
        window = config["scale"]["last"]
        summary = {
            **self.heading, "status": "partial" if unscored else status, **unscored,
            "epochs_done": len(metrics), "epochs": config["epochs"],
            "scores": scores(metrics, task.metric.name, select_on, task.metric.better, window),
            "wall_seconds": round(seconds, 1), "peak_memory_mib": machine.peak_memory_mib(),
            "command": command(self.request), "recipe_source": config["recipe"]["source"],
            "files": getattr(load_data(self.request), "files", {}), **machine.facts(),
        }  # fmt: skip
        write_whole(self.folder / "summary.json", (as_json(summary, indent=1) + "\n").encode())
        return summary


def command(request: Request) -> str:
    """The command that makes this run again, without the places of this machine."""
    places = ("store", "data.root", "logger", "progress", "device", "threads", "max_seconds")
    words = [w for w in request.words if w.partition("=")[0].lstrip("+~") not in places]
    return shlex.join(["python", "-m", "experiments.train", *words])


def note_failure(request: Request, text: str) -> None:
    """Leave a traceback in the folder of a run that failed, if it has one."""
    folder = Path(request.config["store"], run_path(request))
    if folder.is_dir():
        write_whole(folder / "failure.txt", text.encode())


__all__ = ["build", "load_data", "note_failure", "run", "run_path"]
