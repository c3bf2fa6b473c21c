"""Writes a run's files as the loop goes, and shows it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any, Protocol

from data.images import grid_png
from experiments import checkpoint as checkpoints
from experiments import machine
from experiments.compose import Request
from experiments.floor import Floors
from experiments.progress import Bar
from experiments.record import append_line, as_json, read_lines, scores, write_whole
from experiments.task import Evaluation, Task


class Watch(Protocol):
    """Who looks on from outside: told each epoch's scores, answers whether the run is to end there, pruned."""

    study: str  # on whose behalf

    def __call__(self, epoch: int, scores: dict[str, float]) -> bool: ...


class Recorder:
    """Writes a run's files as the loop goes, and shows it."""

    def __init__(
        self, folder: Path, request: Request, task: Task, bar: Bar, mirror: Any, path: str, origin: dict[str, Any],
        watch: Watch | None = None, floors: Floors | None = None,
    ) -> None:  # fmt: skip
        self.folder, self.request, self.task, self.bar, self.mirror = folder, request, task, bar, mirror
        self.origin, self.watch, self.floors = origin, watch, floors
        self.saved, self.items, self.batches = machine.now(), 0, 0
        self.heading = {
            "cell": vars(request.cell), "seed": request.seed, "fingerprint": request.fingerprint, "path": path,
        }  # fmt: skip

    def tick(self, epoch: int, batch: int, of: int, sums: Any) -> None:
        self.items, self.batches = max(sums.counts.values(), default=0), batch
        self.bar.tick(epoch, batch, of, sums)

    def epoch(self, epoch: int, scores: dict[str, float], seconds: float, checkpoint: bool) -> bool:
        line = {"epoch": epoch, **scores, **(self.floors.shares() if self.floors else {})}
        append_line(self.folder / "metrics.jsonl", line)
        time = {"epoch": epoch, "seconds": round(seconds, 3), "steps": self.batches}
        append_line(self.folder / "times.jsonl", time)
        if checkpoint or machine.now() - self.saved >= self.request.config["checkpoint_seconds"]:
            checkpoints.save(self.folder, self.task, epoch + 1)
            self.saved = machine.now()
        self.mirror.epoch(line)
        self.bar.epoch(epoch, scores, self.items)
        return self.watch is not None and self.watch(epoch, scores)

    def late(self, scores: dict[str, float]) -> None:
        """Add scores to the last epoch's line."""
        path = self.folder / "metrics.jsonl"
        *before, last = read_lines(path)
        write_whole(path, "".join(as_json(line) + "\n" for line in [*before, last | scores]).encode())
        self.mirror.epoch({"epoch": last["epoch"], **scores})

    def evaluation(self, epoch: int, found: Evaluation) -> None:
        """Keep the images of an evaluation as one grid each."""
        for name, images in found.images.items():
            path = self.folder / name / f"epoch={epoch:03d}.png"
            write_whole(path, grid_png(images))
            self.mirror.image(epoch, name, path)

    def finish(self, status: str) -> dict[str, Any]:
        """Write the summary: the run is at rest."""
        unscored = {"unscored": True} if status == "unscored" else {}
        pruned = {"pruned_by": self.watch.study} if status == "pruned" and self.watch else {}
        config, task = self.request.config, self.task
        metrics = read_lines(self.folder / "metrics.jsonl")
        seconds = sum(line["seconds"] for line in read_lines(self.folder / "times.jsonl"))
        select_on = getattr(task, "select_on", task.metric.name)
        window = config["scale"]["last"]
        summary = {
            **self.heading, "status": "partial" if unscored else status, **unscored, **pruned,
            "epochs_done": len(metrics), "epochs": config["epochs"],
            "scores": scores(metrics, task.metric.name, select_on, task.metric.better, window),
            "wall_seconds": round(seconds, 1), "peak_memory_mib": machine.peak_memory_mib(),
            "command": command(self.request), "recipe_source": config["recipe"]["source"],
            **self.origin, **machine.facts(),
        }  # fmt: skip
        write_whole(self.folder / "summary.json", (as_json(summary, indent=1) + "\n").encode())
        return summary


def command(request: Request) -> str:
    """The command that makes this run again, without the places of this machine."""
    places = ("store", "data.root", "logger", "progress", "device", "threads", "max_seconds")
    words = [w for w in request.words if w.partition("=")[0].lstrip("+~") not in places]
    return shlex.join(["python", "-m", "experiments.train", *words])
