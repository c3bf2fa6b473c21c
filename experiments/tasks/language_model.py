"""Language modelling: one player, cross-entropy of the next word, perplexity."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from data.stream import TextBatch, TextBatches, draw_lengths, official_lengths, split_into_columns
from data.text import TextData
from experiments.config.metric import Metric
from experiments.training.seeding import derive_seed, initialise_module
from experiments.training.task import Evaluation, Logs, OptimizerStep, Player
from models.lstm import LSTMState

REVISION = 1  # covers data/stream.py too
LENGTHS = ("official", "own")
DENOMINATORS = ("stream", "predictions")
CHUNK = 4096  # words that an evaluation takes at a time


class LanguageModel:
    """Trains one module on a stream of words cut into `batch_size` columns, read from top to bottom in every epoch.

    data: the corpus; model: builds the module for a vocabulary; optimizer: builds the optimizer from parameters;
    length: mean number of steps of a batch, the rate of a step is multiplied by its own length over it; clip: norm to
    which gradients are clipped; activation, temporal: weights of the penalties on the last layer's output and on its
    change in time (Merity et al., arXiv 1708.01009); asgd_after: give way to torch's ASGD once the selecting split has
    not improved for so many epochs.

    Of the protocol: recurrent: whether the recurrent matrices are "frozen" or "trained"; lengths: drawn by the
    "official" generator or the run's "own"; select_on: split that chooses the best epoch; window: first and last batch
    of an epoch whose loss is the train perplexity, or none: all; denominator: what a split's loss is divided by, the
    words of its "stream" or its "predictions", one fewer.
    """

    unit = "words"

    def __init__(
        self,
        data: TextData,
        model: Callable[..., nn.Module],
        optimizer: Callable[..., torch.optim.Optimizer],
        *,
        batch_size: int,
        length: int,
        clip: float,
        activation: float,
        temporal: float,
        asgd_after: int | None = None,
        seed: int,
        device: str,
        recurrent: str,
        lengths: str,
        select_on: str,
        window: tuple[int, int] | None,
        denominator: str,
        closure: str,
        compile: bool = False,
        norm_batches: int | None = None,
    ) -> None:
        if lengths not in LENGTHS or denominator not in DENOMINATORS:
            raise ValueError(
                f"lengths is one of {LENGTHS}, denominator of {DENOMINATORS}, got {lengths}, {denominator}"
            )
        if asgd_after is not None and asgd_after < 1:
            raise ValueError(f"asgd_after must be one epoch or more, got {asgd_after}")
        if norm_batches is not None:
            raise ValueError("norm_batches re-estimates batch norm, and this model has none")
        if batch_size < 1 or len(data.train) < 4 * batch_size:
            raise ValueError(f"{len(data.train)} words are too few for {batch_size} columns")
        self.metric, self.select_on = Metric("test/perplexity", "min"), f"{select_on}/perplexity"
        self.length, self.activation, self.temporal = length, activation, temporal
        self.window, self.denominator, self.lengths = window, denominator, lengths
        self.make_optimizer, self.asgd_after, self.seed = optimizer, asgd_after, seed
        self.train = split_into_columns(data.train, batch_size).to(device)  # (rows, batch)
        self.splits = {name: getattr(data, name).to(device) for name in ("validation", "test")}
        module = initialise_module(lambda: model(vocabulary=len(data.words), recurrent=recurrent), seed).to(device)
        if compile:
            module.compile()
        self.player = Player(module, optimizer(module.parameters()), max_norm=clip, closure=closure)
        self.players = {"model": self.player}
        self.module: Any = module
        self.state: LSTMState = []
        self.history: list[float] = []  # the selecting split's perplexities
        self.switched = False

    def batches(self, epoch: int) -> TextBatches:
        return TextBatches(self.train, self.lengths_of(epoch))

    def lengths_of(self, epoch: int) -> list[int]:
        """Lengths of an epoch's batches, before the last is cut to fit."""
        rows = len(self.train)
        if self.lengths == "official":
            return official_lengths(epoch, rows, self.length)
        return draw_lengths(np.random.RandomState(derive_seed(self.seed, "lengths", epoch) % 2**32), rows, self.length)

    def optimizer_steps(self, batch: TextBatch, index: int) -> Iterator[OptimizerStep]:
        if index == 0:
            self.state = self.module.initial_state(batch.words.shape[1])
        after: LSTMState = []

        def loss() -> tuple[Tensor, Logs]:
            nonlocal after
            out = self.module(batch.words, self.state)
            after = [(hidden.detach(), cell.detach()) for hidden, cell in out.state]
            entropy = F.cross_entropy(out.logits.flatten(0, 1), batch.targets.flatten())
            penalty = self.activation * out.dropped.square().mean()
            penalty = penalty + self.temporal * out.raw.diff(dim=0).square().mean()
            return entropy + penalty, self.batch_logs(entropy.detach().double(), batch.targets.numel(), index)

        yield OptimizerStep(self.player, loss, lr_factor=batch.length / self.length)
        self.state = after

    def batch_logs(self, entropy: Tensor, words: int, index: int) -> Logs:
        logs = {"loss": (entropy * words, words)}
        if self.window and self.window[0] <= index <= self.window[1]:
            logs["window"] = (entropy, 1)
        return logs

    def evaluate(self, split: str) -> Evaluation:
        """Perplexity of a split read as one column: a larger batch would begin more streams without a past."""
        stream, module = self.splits[split], self.module
        state, total = module.initial_state(1), torch.zeros((), dtype=torch.float64, device=stream.device)
        for first in range(0, len(stream) - 1, CHUNK):
            words, targets = stream[:-1][first : first + CHUNK, None], stream[1:][first : first + CHUNK]
            out = module(words, state)
            state = out.state
            total += F.cross_entropy(out.logits.flatten(0, 1), targets, reduction="sum").double()
        predictions = len(stream) - (self.denominator == "predictions")
        return Evaluation({"perplexity": perplexity(float(total) / predictions)})

    def after_epoch(self, scores: dict[str, float]) -> None:
        """Add the train perplexities; switch to ASGD where that is asked for and due."""
        whole = scores["train/loss"]
        scores["train/perplexity"] = perplexity(scores.pop("train/window", whole))
        scores["train/epoch_perplexity"] = perplexity(whole)
        current, earlier = scores[self.select_on], self.history
        self.history = [*earlier, current]
        if not self.switched and self.has_stalled(len(earlier)):
            self.switch_to_asgd(first_epoch=len(self.history))

    def has_stalled(self, epoch: int) -> bool:
        """Whether the selecting split was no better in an epoch than `asgd_after` epochs or more before it."""
        earlier, after = self.history[:epoch], self.asgd_after
        return after is not None and epoch > after and self.history[epoch] > min(earlier[:-after])

    def switch_to_asgd(self, first_epoch: int) -> None:
        """Go on with torch's ASGD at the rate the run began with, without decay of the rate and its average unused."""
        given = self.make_optimizer.keywords  # type: ignore[attr-defined]
        asgd = torch.optim.ASGD(
            self.player.module.parameters(), lr=given["lr"], weight_decay=given["weight_decay"], t0=0, lambd=0.0
        )
        self.player.replace_optimizer(asgd, first_epoch)
        self.switched = True

    def state_dict(self) -> dict[str, Any]:
        return {"history": self.history, "switched": self.switched}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.history = state["history"]
        if state["switched"]:
            self.switch_to_asgd(first_epoch=1 + next(n for n in range(len(self.history)) if self.has_stalled(n)))


def perplexity(entropy: float) -> float:
    return math.exp(entropy) if entropy < 700 else math.inf
