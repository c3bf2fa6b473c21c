"""What a run leaves: `config.yaml`, `metrics.jsonl` and `times.jsonl` (one line an epoch), and `summary.json`, written
last: it exists when the run is at rest. Everything that is ever shown is read from these files."""

from __future__ import annotations

import json
import math
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from experiments.config.cell import Cell
from experiments.config.compose import Request
from experiments.config.yaml_files import dump_yaml, parse_yaml
from experiments.store.atomic_write import atomic_write

AT_END = ("complete", "diverged")  # statuses of a run that nobody goes on with
CONFIG, METRICS, TIMES, SUMMARY = "config.yaml", "metrics.jsonl", "times.jsonl", "summary.json"


@dataclass(frozen=True)
class Record:
    """A run as found in a store.

    folder: where it lies; cell, seed: what it is a run of; config: its resolved configuration; summary: None while the
    run is not at rest; metrics: one mapping an epoch.
    """

    folder: Path
    cell: Cell
    seed: int
    config: dict[str, Any]
    summary: dict[str, Any] | None
    metrics: list[dict[str, Any]]

    @property
    def status(self) -> str:
        return self.summary["status"] if self.summary else "unfinished"

    @property
    def epochs_done(self) -> int:
        return self.summary["epochs_done"] if self.summary else len(self.metrics)

    def answers(self, epochs: int) -> bool:
        """Whether this record already covers a request for `epochs` epochs."""
        if self.summary is None or self.summary.get("unscored"):
            return False
        return self.status in AT_END or self.epochs_done >= epochs


def run_path(request: Request) -> Path:
    """Where a request's run lies in its store."""
    return request.cell.folder / f"seed={request.seed}"


def run_folders(root: Path) -> list[Path]:
    """The folders of all runs of a store, relative to it; those set aside (`seed=0~...`) are not among them."""
    found = sorted(root.glob("*/*/*/*/*/seed=*")) if root.is_dir() else []
    return [folder.relative_to(root) for folder in found if "~" not in folder.name]


def read_records(root: Path) -> list[Record]:
    """Every run of a store, at rest or not."""
    records = [read_record(root, path) for path in run_folders(root)]
    return [record for record in records if record is not None]


def read_record(root: Path, path: Path) -> Record | None:
    """The run in `root/path`, or None where there is none (or not yet a readable configuration)."""
    folder = root / path
    try:
        config = read_config((folder / CONFIG).read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not isinstance(config, dict):
        return None
    summary = json.loads(text) if (text := read_text(folder / SUMMARY)) else None
    seed = int(path.name.removeprefix("seed="))
    return Record(folder, Cell.of(path.parent), seed, config, summary, read_lines(folder / METRICS))


@lru_cache(maxsize=4096)
def read_config(content: bytes) -> Any:
    """The value of a configuration's text: parsed once, however often and wherever it stands."""
    return parse_yaml(content)


def write_config(folder: Path, config: dict[str, Any]) -> None:
    """Write a run's resolved configuration."""
    atomic_write(folder / CONFIG, dump_yaml(config).encode())


def read_text(path: Path) -> str:
    return path.read_text() if path.is_file() else ""


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The whole lines of a jsonl file; a last line cut off by a kill is left out."""
    lines = read_text(path).splitlines(keepends=True)
    return [json.loads(line) for line in lines if line.endswith("\n")]


def append_line(path: Path, line: dict[str, Any]) -> None:
    """Add a line to a jsonl file and wait until it is on disk."""
    with path.open("a") as file:
        file.write(as_json(line) + "\n")
        file.flush()
        os.fsync(file.fileno())


def write_lines(path: Path, lines: Sequence[dict[str, Any]]) -> None:
    """Write a jsonl file whole."""
    atomic_write(path, "".join(as_json(line) + "\n" for line in lines).encode())


def truncate_epochs(path: Path, epochs: int) -> list[dict[str, Any]]:
    """Cut a jsonl file back to its first `epochs` epochs; returns what is left."""
    lines = [line for line in read_lines(path) if line["epoch"] < epochs]
    write_lines(path, lines)
    return lines


def set_aside(folder: Path, old_fingerprint: str) -> None:
    """Rename a run's folder to a name that no reader opens."""
    aside = folder.with_name(f"{folder.name}~{old_fingerprint[:8]}")
    shutil.rmtree(aside, ignore_errors=True)
    folder.rename(aside)


def as_json(value: dict[str, Any], indent: int | None = None) -> str:
    """JSON proper: a number that is not finite becomes null."""
    finite = {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in value.items()}
    return json.dumps(finite, indent=indent, allow_nan=False)


def summarise_scores(
    metrics: Sequence[dict[str, Any]], metric: str, select_on: str, better: str, window: int
) -> dict[str, Any]:
    """Final, best and last: `metric` after the last epoch, at the epoch where `select_on` is best, and its mean over
    the last `window` epochs. Values that are missing or not finite count as None."""
    whole = [line for line in metrics if line.get(select_on) is not None and line.get(metric) is not None]
    chosen = [(line["epoch"], line[select_on], line[metric]) for line in whole]
    if not chosen:
        return {"metric": metric, "select_on": select_on, "final": None, "best": None, "last": None}
    sign = 1 if better == "max" else -1
    best = max(chosen, key=lambda row: (sign * row[1], -row[0]))  # the earliest of equals
    last = [value for _, _, value in chosen[-window:]]
    return {
        "metric": metric, "select_on": select_on, "final": chosen[-1][2], "best": best[2], "best_epoch": best[0],
        "last": sum(last) / len(last), "last_window": window,
    }  # fmt: skip
