"""Image classification: one player, cross-entropy, accuracy in percent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from itertools import islice
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.swa_utils import update_bn

from data.from_files import FileData, ImageFiles
from data.images import Images
from data.in_memory import ImageData
from experiments.config.metric import Metric
from experiments.training.seeding import initialise_module, random_generator
from experiments.training.task import Evaluation, Logs, OptimizerStep, Player, Task
from models.norm import draw_norm_scales

REVISION = 1  # covers data/augment.py, data/in_memory.py, data/from_files.py, data/jpeg.py and models/norm.py too
SPLIT_SEED = 0  # the validation split is the same for every seed and optimizer


class Classification(Task):
    """Trains one module on images that live as uint8 on the device, or are decoded from files as they are needed.

    data: the images; model: builds the module for a number of classes; optimizer: builds the optimizer from
    parameters; batch_size: images a step, the last short batch of an epoch is kept; validation: share of the training
    images held out; select_on: split whose accuracy chooses the best epoch; norm_scale: where batch-norm scales start,
    "uniform" or "ones"; closure: what the optimizer's step is given; norm_batches: for optimizers that average
    weights, how many training batches are used to compute batch-norm statistics on a copy before scoring; logit_sd:
    also score the standard deviation of a class's logit over the split's images, its mean over classes (zero where the
    network no longer depends on the image).
    """

    unit = "images"

    def __init__(
        self,
        data: ImageData | FileData,
        model: Callable[..., nn.Module],
        optimizer: Callable[..., torch.optim.Optimizer],
        *,
        batch_size: int,
        seed: int,
        device: str,
        validation: float,
        select_on: str,
        norm_scale: str,
        closure: str,
        compile: bool = False,
        norm_batches: int | None = None,
        logit_sd: bool = False,
    ) -> None:
        if not isinstance(batch_size, int) or batch_size < 1:
            raise ValueError(f"batch_size must be a whole number, one or more, got {batch_size!r}")
        if not 0 <= validation < 1:
            raise ValueError(f"validation is a share of the training images in [0, 1), got {validation!r}")
        self.seed, self.epoch = seed, 0
        self.metric = Metric("test/accuracy", "max")
        self.select_on = f"{select_on}/accuracy"
        train, held_out = hold_out_validation(data.train, round(validation * len(data.train)))
        self.training = data.training_images(train, batch_size, device)
        splits = {"test": data.test, "validation": held_out}
        self.splits = {name: data.evaluation_batches(images, batch_size, device) for name, images in splits.items()}
        # Optimizers that call the closure themselves (LBFGS) flatten parameters as views, which channels-last forbids.
        layout = torch.contiguous_format if closure == "only" else torch.channels_last
        module = initialise_module(lambda: model(classes=data.classes), seed)
        draw_norm_scales(module, norm_scale, random_generator(seed, "norm-scale"))
        module = module.to(device).to(memory_format=layout)
        if compile:
            module.compile()
        self.player = Player(module, optimizer(module.parameters()), closure=closure)
        self.players = {"model": self.player}
        self.norm_batches, self.logit_sd = norm_batches, logit_sd
        self.scored: nn.Module | None = None
        if (
            norm_batches is None
            and averages_weights(self.player.optimizer)
            and any(map(is_batch_norm, module.modules()))
        ):
            raise ValueError(
                f"{type(self.player.optimizer).__name__} evaluates other weights than it trains, for which batch norm"
                " has no statistics: give norm_batches=50, the training batches to take them from"
            )

    def batches(self, epoch: int) -> Any:
        self.epoch, self.scored = epoch, None
        return self.training.epoch_batches(
            random_generator(self.seed, "order", epoch), random_generator(self.seed, "augment", epoch)
        )

    def optimizer_steps(self, batch: tuple[Tensor, Tensor], index: int) -> Iterator[OptimizerStep]:
        images, labels = batch

        def loss() -> tuple[Tensor, Logs]:
            logits = self.player.module(images)  # (batch, classes)
            value = F.cross_entropy(logits, labels)
            return value, self.batch_logs(value, logits, labels)

        yield OptimizerStep(self.player, loss)

    def evaluate(self, split: str) -> Evaluation:
        logs, kept, module = [], [], self.scored_module()
        for images, labels in self.splits[split]:
            logits = module(images)
            logs.append(self.batch_logs(F.cross_entropy(logits, labels), logits, labels))
            kept += [logits.double()] if self.logit_sd else []
        n = sum(count for _, count in (log["loss"] for log in logs))
        scores = {name: float(torch.stack([log[name][0] for log in logs]).sum()) / n for name in logs[0]}
        return Evaluation(scores | ({"logit_sd": float(torch.cat(kept).std(0).mean())} if kept else {}))

    def scored_module(self) -> nn.Module:
        """The module, or a copy of it whose batch-norm statistics are those of the weights that it has now."""
        if not self.norm_batches:
            return self.player.module
        if self.scored is None:
            scored = deepcopy(self.player.module)
            update_bn((images for images, _ in islice(self.batches(self.epoch), self.norm_batches)), scored)
            self.scored = scored.eval()
        return self.scored

    @staticmethod
    def batch_logs(loss: Tensor, logits: Tensor, labels: Tensor) -> dict[str, tuple[Tensor, int]]:
        n, correct = len(labels), (logits.detach().argmax(1) == labels).sum()
        return {"loss": (loss.detach().double() * n, n), "accuracy": (correct.double() * 100, n)}


def averages_weights(optimizer: torch.optim.Optimizer) -> bool:
    """Whether an optimizer has a train and an eval mode, as schedule-free ones have."""
    return all(callable(getattr(optimizer, mode, None)) for mode in ("train", "eval"))


def is_batch_norm(module: nn.Module) -> bool:
    return isinstance(module, nn.modules.batchnorm._BatchNorm)


def hold_out_validation(train: Images | ImageFiles, n: int) -> tuple[Any, Any]:
    """Split off `n` images, chosen at random but always the same ones."""
    order = torch.randperm(len(train), generator=random_generator(SPLIT_SEED, "validation"))
    held_out = train.take(order[:n].sort().values)
    return (train.take(order[n:].sort().values) if n else train), held_out
