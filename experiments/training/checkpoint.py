"""Checkpoints: everything that an epoch hands to the next, in one file that torch loads without unpickling code."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import torch

from experiments.store.atomic_write import atomic_write
from experiments.training.task import Task

FILE = "checkpoint.pt"


def save(folder: Path, task: Task, epochs_done: int) -> None:
    players = {
        name: {"module": player.module.state_dict(), "optimizer": player.optimizer.state_dict()}
        for name, player in task.players.items()
    }
    state = {"epochs_done": epochs_done, "threads": torch.get_num_threads()}
    buffer = io.BytesIO()
    torch.save({**state, "task": task.state_dict(), "players": players}, buffer)
    atomic_write(folder / FILE, buffer.getvalue())


def load(folder: Path) -> dict[str, Any] | None:
    """The checkpoint's content on the CPU, or None where there is none."""
    path = folder / FILE
    return torch.load(path, map_location="cpu", weights_only=True) if path.is_file() else None


def restore(task: Task, state: dict[str, Any]) -> None:
    """Put a checkpoint's content into a freshly built task: the task first, since it may replace optimizers."""
    task.load_state_dict(state["task"])
    for name, player in task.players.items():
        player.module.load_state_dict(state["players"][name]["module"])
        player.optimizer.load_state_dict(state["players"][name]["optimizer"])
