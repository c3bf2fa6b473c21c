"""Time a training step of the language model with all its regularisation, beside a plain torch LSTM of the same sizes.

    python -m scripts.bench_lstm [--rounds 10] [--threads 2] [--device cpu] [--out results/bench]

Writes lstm.md and lstm.csv. Words per second belong to the machine; the ratios are the result.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path

import pandas as pd
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from data.stream import TextBatch
from data.text import text_data
from experiments.config.cli import run_command
from experiments.runs import environment
from experiments.tasks.language_model import LanguageModel
from experiments.training.loop import optimizer_step
from experiments.training.task import Logs, OptimizerStep, Player
from models.lstm import AWDLSTM
from optimizers import AdaBelief
from scripts.benchmarks.interleaved import ratio, timed
from scripts.benchmarks.report import keep, prepared

WORDS, BATCH, LENGTH, WARM = 10_000, 20, 70, 2
NAMES = {"paper": "ours, paper protocol", "clean": "ours, recurrent matrices trained", "plain": "torch nn.LSTM, Adam"}
HOW = """One training step on 70 x 20 words of a vocabulary of 10,000, shapes of the official PTB runs. Ours: all five
dropouts, both penalties, clipping, AdaBelief. Plain: embedding, nn.LSTM layers and a tied output layer without any of
them, torch.optim.Adam. Each round lets all three take a step, in an order drawn anew: {rounds} rounds counted, {warm}
before them not. Speed: words per second over the plain network's in the same round, median with a 95 % bootstrap
interval. Memory: peak of a process that takes three steps, the interpreter and torch included."""


class Plain(nn.Module):
    """The same layers without regularisation: words (time, batch) to logits."""

    def __init__(self, layers: int) -> None:
        super().__init__()
        units = [400, *[1150] * (layers - 1), 400]
        self.embedding = nn.Embedding(WORDS, 400)
        self.layers = nn.ModuleList(nn.LSTM(n, m) for n, m in pairwise(units))
        self.bias = nn.Parameter(torch.zeros(WORDS))

    def forward(self, words: Tensor) -> Tensor:
        x = self.embedding(words)
        for layer in self.layers:
            x, _ = layer(x)
        return F.linear(x, self.embedding.weight, self.bias)


def stepper(name: str, layers: int, device: str) -> Callable[[], object]:
    """A function that takes one training step of "paper", "clean" or "plain" on the same words."""
    torch.manual_seed(0)
    words, targets = torch.randint(WORDS, (2, LENGTH, BATCH), device=device)
    if name == "plain":
        module = Plain(layers).to(device)
        player = Player(module, torch.optim.Adam(module.parameters(), lr=1e-3))

        def loss() -> tuple[Tensor, Logs]:
            value = F.cross_entropy(module(words).flatten(0, 1), targets.flatten())
            return value, {"loss": (value.detach(), 1)}

        return lambda: optimizer_step(OptimizerStep(player, loss), "fp32")
    text = " ".join(map(str, range(WORDS)))
    task = LanguageModel(
        text_data("numbers", {"train": text, "validation": "0", "test": "0"}),
        partial(AWDLSTM, layers=layers), partial(AdaBelief, lr=1e-3, eps=1e-16, weight_decay=1.2e-6, mode="foreach"),
        batch_size=BATCH, length=LENGTH, clip=0.25, activation=2, temporal=1, seed=0, device=device, closure="none",
        recurrent="frozen" if name == "paper" else "trained", lengths="own", select_on="test", window=None,
        denominator="predictions",
    )  # fmt: skip
    task.player.module.train()
    batch = TextBatch(words, targets, LENGTH)
    return lambda: [optimizer_step(step, "fp32") for step in task.optimizer_steps(batch, 0)]


def measured(layers: int, call: argparse.Namespace) -> list[dict]:
    steps = {name: stepper(name, layers, call.device) for name in NAMES}
    seconds: dict[str, list[float]] = {name: [] for name in NAMES}
    order = random.Random(0)
    for _ in range(WARM + call.rounds):
        for name in order.sample(list(steps), len(steps)):
            seconds[name].append(timed(steps[name], call.device))
    seconds = {name: values[WARM:] for name, values in seconds.items()}
    rows = []
    for name, values in seconds.items():
        speed, median = ratio(seconds["plain"], values), float(pd.Series(values).median())
        rows.append({
            "layers": layers, "contestant": NAMES[name], "words_per_s": LENGTH * BATCH / median, "ratio": speed.median,
            "low": speed.low, "high": speed.high, "n": len(values), "peak_mib": peak(name, layers, call),
        })  # fmt: skip
    return rows


def peak(name: str, layers: int, call: argparse.Namespace) -> int:
    """Peak resident MiB of a fresh process that takes three steps."""
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(peak_here, (name, layers, call.device, call.threads))


def peak_here(name: str, layers: int, device: str, threads: int) -> int:
    torch.set_num_threads(threads)
    step = stepper(name, layers, device)
    for _ in range(3):
        step()
    return environment.peak_memory_mib(device)


def main() -> int:
    made = argparse.ArgumentParser(prog="python -m scripts.bench_lstm", description="Time language-model steps.")
    made.add_argument("--rounds", type=int, default=10, help="counted steps of each (default: %(default)s)")
    made.add_argument("--threads", type=int, default=environment.cores(), help="(default: %(default)s)")
    made.add_argument("--device", default="cpu", help="cpu or cuda (default: %(default)s)")
    made.add_argument("--out", type=Path, default=Path("results/bench"), help="folder (default: %(default)s)")
    call = made.parse_args()
    setting = prepared(call)
    rows = [row for layers in (1, 2, 3) for row in measured(layers, call)]
    lines = [
        "# Speed of a language model's training step", "", setting, "", HOW.format(rounds=call.rounds, warm=WARM), "",
        "| layers | | words/s | speed over plain (95 %) | peak MiB |", "|---|---|---:|---:|---:|",
    ]  # fmt: skip
    for row in rows:
        spread = f"{row['ratio']:.2f} ({row['low']:.2f} to {row['high']:.2f})"
        lines.append(
            f"| {row['layers']} | {row['contestant']} | {row['words_per_s']:.0f} | {spread} | {row['peak_mib']} |"
        )
    keep("lstm", call, rows, lines)
    return 0


if __name__ == "__main__":
    run_command(main)
