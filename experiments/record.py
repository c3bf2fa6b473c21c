"""What a run leaves: `config.yaml`, `metrics.jsonl` (one line an epoch), `summary.json` (written last: it exists when
the run is at rest). Everything that is ever shown is read from these files."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from experiments.cell import Cell

FINAL = ("complete", "diverged")


@dataclass(frozen=True)
class Record:
    """A run as found in a store; `summary` is None while the run is not at rest."""

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
        """Whether a request for so many epochs needs no more training."""
        if self.summary is None or self.summary.get("unscored"):
            return False
        return self.status in FINAL or self.epochs_done >= epochs


def read_records(root: Path) -> list[Record]:
    """Every run of a store, at rest or not; folders set aside (`seed=0~...`) are not read."""
    folders = sorted(root.glob("*/*/*/*/*/seed=*")) if root.is_dir() else []
    records = [read_record(root, f.relative_to(root)) for f in folders if "~" not in f.name]
    return [r for r in records if r is not None]


def read_record(root: Path, path: Path) -> Record | None:
    """The run in `root/path`, or None where there is none (or not yet a readable configuration)."""
    folder = root / path
    try:
        config = yaml.safe_load((folder / "config.yaml").read_text())
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not isinstance(config, dict):
        return None
    summary = json.loads(text) if (text := read_text(folder / "summary.json")) else None
    seed = int(path.name.removeprefix("seed="))
    return Record(folder, Cell.of(path.parent), seed, config, summary, read_lines(folder / "metrics.jsonl"))


def read_text(path: Path) -> str:
    return path.read_text() if path.is_file() else ""


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The whole lines of a jsonl file; a last line cut off by a kill is left out."""
    lines = []
    for text in read_text(path).splitlines(keepends=True):
        if text.endswith("\n"):
            lines.append(json.loads(text))
    return lines


def append_line(path: Path, line: dict[str, Any]) -> None:
    with path.open("a") as file:
        file.write(as_json(line) + "\n")
        file.flush()
        os.fsync(file.fileno())


def keep_lines(path: Path, epochs: int) -> list[dict[str, Any]]:
    """Cut a jsonl file back to its first `epochs` epochs; returns what is left."""
    lines = [line for line in read_lines(path) if line["epoch"] < epochs]
    write_whole(path, "".join(as_json(line) + "\n" for line in lines).encode())
    return lines


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all, whenever the process dies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def as_json(value: dict[str, Any], indent: int | None = None) -> str:
    """JSON proper: a number that is not finite becomes null."""
    finite = {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in value.items()}
    return json.dumps(finite, indent=indent, allow_nan=False)


def scores(metrics: Sequence[dict[str, Any]], metric: str, select_on: str, better: str, window: int) -> dict[str, Any]:
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


class NoMirror:
    """The mirror of a run that is mirrored nowhere; also the interface of every other."""

    def start(self, summary: dict[str, Any], config: dict[str, Any], lines: Iterable[dict[str, Any]]) -> None:
        """A run begins, or goes on after `lines`; `summary` holds its cell, seed and fingerprint."""

    def epoch(self, line: dict[str, Any]) -> None:
        """An epoch is done, or has got further scores."""

    def image(self, epoch: int, name: str, path: Path) -> None:
        """An image file of an epoch."""

    def finish(self, summary: dict[str, Any] | None) -> None:
        """The run is at rest, or this slice of it is over (None)."""
