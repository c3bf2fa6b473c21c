"""Keep a finished run's network as the classifier in whose features small-scale samples are compared:

    python -m experiments.train data=cifar10 model=vgg11 optimizer=adabelief scale=small seed=1000 keep_weights=true
    python -m experiments.export_classifier results/runs/adabelief-cifar/cifar10/vgg11/adabelief/paper-small/seed=1000

Writes results/classifier: weights in half precision, and the run's summary. A new file is a new distance: every number
made with the old one then stands alone.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from pathlib import Path

import torch

from data import cifar
from experiments.config.cli import run_command
from experiments.config.errors import UserError
from experiments.metrics.feature_spaces import CLASSIFIER
from experiments.store.atomic_write import atomic_write
from experiments.training import checkpoint


def main(words: Sequence[str]) -> int:
    if len(words) != 1 or not (state := checkpoint.load(Path(words[0]))):
        raise UserError("give the folder of one finished run that was made with keep_weights=true")
    (player,) = state["players"].values()
    weights = {name: value.half().contiguous() for name, value in player["module"].items()}
    classes, channels = len(weights["classifier.6.bias"]), len(weights["features.0.bias"])
    buffer = io.BytesIO()
    torch.save(
        {"weights": weights, "classes": classes, "width": channels / 64, "mean": cifar.MEAN, "std": cifar.STD}, buffer
    )
    atomic_write(CLASSIFIER, buffer.getvalue())
    atomic_write(CLASSIFIER.with_suffix(".json"), (Path(words[0]) / "summary.json").read_bytes())
    print(f"{CLASSIFIER}: {len(buffer.getvalue()) / 2**20:.1f} MiB")
    return 0


if __name__ == "__main__":
    run_command(lambda: main(sys.argv[1:]))
