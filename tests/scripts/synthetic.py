"""Stores of made-up records, written as a run writes them, so that readers are tested on real files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from experiments.cell import Cell
from experiments.compose import expected
from experiments.record import scores

MACHINE = {"machine": "a laptop, 2 cores", "commit": "0123456789abcdef", "dirty": False, "threads": 2, "device": "cpu"}


def cell(data: str = "cifar10", model: str = "vgg11", optimizer: str = "adam", *, protocol: str = "paper",
         scale: str = "full", setting: str = "adabelief-cifar") -> Cell:  # fmt: skip
    return Cell(setting, data, model, optimizer, protocol, scale)


def write_run(root: Path, cell: Cell, seed: int, test: Sequence[float], train: Sequence[float] | None = None,
              status: str = "complete", config: dict[str, Any] | None = None, floor: Sequence[float] = (),
              **facts: Any) -> Path:  # fmt: skip
    """Leave a run's three files; `test` and `train` are scores by epoch, `config` wins over the composed one;
    `floor` is the share of coordinates at the floor by epoch, of a run that logged it."""
    resolved = {**expected(cell).config, "seed": seed, **(config or {})}
    name, better = ("perplexity", "min") if cell.model.startswith("lstm") else ("accuracy", "max")
    select_on = f"{resolved['protocol']['select_on']}/{name}"
    metrics: list[dict[str, Any]] = [
        {"epoch": epoch, "lr": 0.001, f"train/{name}": (train or test)[epoch], f"test/{name}": value}
        for epoch, value in enumerate(test)
    ]
    metrics = [{**line, "train/at_floor": share} for line, share in zip(metrics, floor)] or metrics
    if cell.protocol == "clean":
        metrics = [{**line, f"validation/{name}": line[f"test/{name}"] + 1} for line in metrics]
    summary = {
        "cell": resolved["cell"], "seed": seed, "status": status, "epochs_done": len(metrics),
        "epochs": resolved["epochs"],
        "scores": scores(metrics, f"test/{name}", select_on, better, resolved["scale"]["last"]), **MACHINE, **facts,
    }  # fmt: skip
    folder = root / cell.folder / f"seed={seed}"
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text(yaml.safe_dump(resolved))
    (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in metrics))
    (folder / "summary.json").write_text(json.dumps(summary))
    return folder
