"""Writes a run's files as the loop goes, and shows it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any, Protocol

from data.images import grid_png
from experiments.config.compose import Request, override_key
from experiments.runs import environment
from experiments.runs.loggers.base import Logger
from experiments.runs.progress import ProgressBar
from experiments.store.atomic_write import atomic_write
from experiments.store.run_files import (
    METRICS,
    SUMMARY,
    TIMES,
    append_line,
    as_json,
    read_lines,
    run_path,
    summarise_scores,
    write_lines,
)
from experiments.training import checkpoint as checkpoints
from experiments.training.denominator_floor import Floors
from experiments.training.sums import LogSums
from experiments.training.task import Evaluation, Task

# Keys whose values are places of this machine, or how much of it was used: no part of a run's command.
PLACES = ("store", "data.root", "logger", "progress", "device", "threads", "max_seconds")


class PruningCallback(Protocol):
    """Told each epoch's scores, answers whether the run is to end there, pruned. study: on whose behalf."""

    study: str

    def __call__(self, epoch: int, scores: dict[str, float]) -> bool: ...


class RunRecorder:
    """Writes a run's files as the loop goes, and shows it.

    folder: the run's; device: that it is trained on; origin: what the summary says of the data; pruning: may end the
    run; floors: measures the share of coordinates at the denominator's floor after each epoch.
    """

    def __init__(
        self, folder: Path, request: Request, task: Task, device: str, bar: ProgressBar, logger: Logger,
        origin: dict[str, Any], pruning: PruningCallback | None = None, floors: Floors | None = None,
    ) -> None:  # fmt: skip
        self.folder, self.request, self.task, self.device = folder, request, task, device
        self.bar, self.logger, self.origin, self.pruning, self.floors = bar, logger, origin, pruning, floors
        self.saved, self.items, self.batches = environment.now(), 0, 0
        self.identity = {
            "cell": vars(request.cell), "seed": request.seed, "fingerprint": request.fingerprint,
            "path": str(run_path(request)),
        }  # fmt: skip

    def after_batch(self, epoch: int, batch: int, of: int, sums: LogSums) -> None:
        self.items, self.batches = max(sums.counts.values(), default=0), batch
        self.bar.after_batch(epoch, batch, of, sums)

    def after_epoch(self, epoch: int, scores: dict[str, float], seconds: float, checkpoint: bool) -> bool:
        line = {"epoch": epoch, **scores, **(self.floors.shares_at_floor() if self.floors else {})}
        append_line(self.folder / METRICS, line)
        append_line(self.folder / TIMES, {"epoch": epoch, "seconds": round(seconds, 3), "steps": self.batches})
        if checkpoint or environment.now() - self.saved >= self.request.config["checkpoint_seconds"]:
            checkpoints.save(self.folder, self.task, epoch + 1)
            self.saved = environment.now()
        self.logger.log_epoch(line)
        self.bar.after_epoch(epoch, scores, self.items)
        return self.pruning is not None and self.pruning(epoch, scores)

    def add_final_scores(self, scores: dict[str, float]) -> None:
        """Add scores to the last epoch's line."""
        *before, last = read_lines(self.folder / METRICS)
        write_lines(self.folder / METRICS, [*before, last | scores])
        self.logger.log_epoch({"epoch": last["epoch"], **scores})

    def after_evaluation(self, epoch: int, found: Evaluation) -> None:
        """Keep the images of an evaluation as one grid each."""
        for name, images in found.images.items():
            path = self.folder / name / f"epoch={epoch:03d}.png"
            atomic_write(path, grid_png(images))
            self.logger.log_image(epoch, name, path)

    def finish(self, status: str) -> dict[str, Any]:
        """Write the summary: the run is at rest."""
        unscored = {"unscored": True} if status == "unscored" else {}
        pruned = {"pruned_by": self.pruning.study} if status == "pruned" and self.pruning else {}
        config, task = self.request.config, self.task
        metrics = read_lines(self.folder / METRICS)
        seconds = sum(line["seconds"] for line in read_lines(self.folder / TIMES))
        select_on = getattr(task, "select_on", task.metric.name)
        window = config["scale"]["last"]
        summary = {
            **self.identity, "status": "partial" if unscored else status, **unscored, **pruned,
            "epochs_done": len(metrics), "epochs": config["epochs"],
            "scores": summarise_scores(metrics, task.metric.name, select_on, task.metric.better, window),
            "wall_seconds": round(seconds, 1), "peak_memory_mib": environment.peak_memory_mib(self.device),
            "command": command(self.request), "recipe_source": config["recipe"]["source"],
            **self.origin, **environment.facts(self.device),
        }  # fmt: skip
        atomic_write(self.folder / SUMMARY, (as_json(summary, indent=1) + "\n").encode())
        return summary


def command(request: Request) -> str:
    """The command that makes this run again, without the places of this machine."""
    overrides = [override for override in request.overrides if override_key(override) not in PLACES]
    return shlex.join(["python", "-m", "experiments.train", *overrides])
