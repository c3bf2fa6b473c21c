"""A run at rest as one row of the `runs` frame: where it belongs, how it ended, what it scored, how it was made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from experiments.config.cell import Cell
from experiments.config.fingerprint import fingerprint

CELL = ["setting", "data", "model", "optimizer", "protocol", "scale"]
SCORES = ["final", "best", "last"]
NUMBERS = [*SCORES, "wall_seconds", "peak_memory_mib"]  # nan where there is none
COUNTS = ["seed", "epochs_done"]
FLAGS = ["unscored", "compiled", "dirty"]
OTHERS = [  # texts, and values that are told as they were written; None where there is none
    "status", "pruned_by", "metric", "select_on", "best_epoch", "last_window", "machine", "device", "threads", "torch",
    "commit", "recipe_source", "width", "pixels", "epochs", "batches_per_epoch",
    "precision", "score_fakes", "score_reals", "score_stretch",
    "score_quantise", "fingerprint", "content", "folder",
]  # fmt: skip
COLUMNS = [*CELL, *COUNTS, *NUMBERS, *FLAGS, *OTHERS]
KINDS = {**dict.fromkeys(COUNTS, "int64"), **dict.fromkeys(NUMBERS, "float64"), **dict.fromkeys(FLAGS, "bool")}
MACHINE_LETTERS = 80


def describe_run(config: Mapping[str, Any], summary: Mapping[str, Any]) -> dict[str, Any]:
    """The row of a run with this resolved configuration and summary, but for its place: cell, seed and folder."""
    return {**describe_config(config), **describe_summary(summary)}


def describe_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """What a row takes from the resolved configuration; nothing of it depends on the seed."""
    judged = value_at(config, "protocol", "score")
    judged = judged if isinstance(judged, Mapping) else {}
    return {
        "width": value_at(config, "model", "width"), "pixels": value_at(config, "data", "pixels"),
        "epochs": config.get("epochs"), "batches_per_epoch": config.get("batches_per_epoch"),
        "precision": config.get("precision"), "compiled": bool(config.get("compile")),
        **{f"score_{name}": judged.get(name) for name in ("fakes", "reals", "stretch", "quantise")},
        "fingerprint": fingerprint(config), "content": config.get("content"),
    }  # fmt: skip


def describe_summary(summary: Mapping[str, Any]) -> dict[str, Any]:
    """What a row takes from the summary."""
    scores = summary.get("scores") or {}
    return {
        "status": summary["status"], "epochs_done": summary["epochs_done"], "pruned_by": summary.get("pruned_by"),
        "unscored": bool(summary.get("unscored")),
        **{name: scores.get(name) for name in ("metric", "select_on", *SCORES, "best_epoch", "last_window")},
        "wall_seconds": summary.get("wall_seconds"), "peak_memory_mib": summary.get("peak_memory_mib"),
        "machine": machine(summary), "device": summary.get("device"), "threads": summary.get("threads"),
        "torch": str((summary.get("versions") or {}).get("torch", "?")).partition("+")[0],
        "commit": str(summary.get("commit")), "dirty": bool(summary.get("dirty")),
        "recipe_source": summary.get("recipe_source"),
    }  # fmt: skip


def machine(summary: Mapping[str, Any]) -> str:
    """The processor, or the GPU where it was one."""
    where = "machine" if summary.get("device", "cpu") == "cpu" else "device"
    return str(summary.get(where, "an unnamed machine"))[:MACHINE_LETTERS]


def value_at(config: Mapping[str, Any], *path: str) -> Any:
    """The value at a path of keys, or None where there is none."""
    value: Any = config
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def cell_of(names: Any) -> Cell:
    """The cell of a row, from its CELL columns."""
    return Cell(*names)


def runs_frame(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Rows as a frame with COLUMNS, in their order."""
    whole = pd.DataFrame([[row[name] for name in COLUMNS] for row in rows], columns=COLUMNS, dtype="object")
    return whole.astype(KINDS).copy()  # which joins columns of a kind: parts of the frame are then cut at once
