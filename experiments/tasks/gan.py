"""Generative adversarial networks: a critic and a generator take turns; judged by the distance of samples to images."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from data.augment import normalise
from data.in_memory import ImageData
from experiments.config.metric import Metric
from experiments.metrics.generator_score import Score
from experiments.training.seeding import initialise_module
from experiments.training.seeding import random_generator as stream
from experiments.training.task import Evaluation, Logs, OptimizerStep, Player, Task
from models.pair import Pair, gradient_penalty

REVISION = 1
LOSSES = ("wasserstein", "hinge")
NOISES = ("shared", "fresh")
HALF = (0.5, 0.5, 0.5)  # mean and deviation that map [0, 1] to [-1, 1], as the generator's tanh does
SHOWN = 64  # samples in a grid, of the same noise all along


class GAN(Task):
    """Trains a pair of networks on images without augmentation but flips.

    data: decoded images; model: builds the pair for a number of classes; optimizer: builds one optimizer for each
    network; batch_size: images a step; batches: of an epoch, or None: one pass, the last short batch kept; loss:
    "wasserstein" or "hinge"; clip: bound of every parameter of the critic after its step; penalty: weight of (gradient
    norm - 1)^2 between images and samples; every, generator_at: the generator steps after the critic at one batch in
    `every`, the one of this index; flip: mirror images where the data allow it.

    Of the protocol: noise: the generator's step uses the critic's noise ("shared") or its own ("fresh"); fixed_every:
    after so many batches the fixed noise passes through the generator in train mode, which moves its batch-norm
    averages; score: what the samples are judged by (see `generator_score.Score`).
    """

    unit = "images"

    def __init__(
        self,
        data: ImageData,
        model: Callable[..., Pair],
        optimizer: Callable[..., torch.optim.Optimizer],
        *,
        batch_size: int,
        loss: str,
        every: int,
        generator_at: int,
        batches: int | None = None,
        clip: float | None = None,
        penalty: float | None = None,
        flip: bool = False,
        seed: int,
        device: str,
        noise: str,
        score: dict[str, Any],
        fixed_every: int | None = None,
        closure: str = "none",
        compile: bool = False,
        norm_batches: int | None = None,
    ) -> None:
        if loss not in LOSSES or noise not in NOISES:
            raise ValueError(f"loss is one of {LOSSES} and noise of {NOISES}, got {loss!r} and {noise!r}")
        if batch_size < 1:
            raise ValueError(f"batch_size must be one or more, got {batch_size}")
        if not 0 <= generator_at < every:
            raise ValueError(f"generator_at is one of 0 to every - 1 = {every - 1}, got {generator_at}")
        if norm_batches is not None:
            raise ValueError("norm_batches re-estimates batch norm for one network, a GAN has two")
        self.data, self.seed, self.device = data, seed, device
        self.batch_size, self.count, self.flip = batch_size, batches, flip and data.flip
        self.loss, self.clip, self.penalty, self.noise = loss, clip, penalty, noise
        self.every, self.generator_at, self.fixed_every = every, generator_at, fixed_every
        self.train = data.train.to(device)
        pair: Any = initialise_module(lambda: model(classes=data.classes, pixels=data.train.pixels.shape[1]), seed)
        pair = pair.to(device).to(memory_format=torch.channels_last)
        self.latent, self.critic, self.generator = pair.latent, pair.critic, pair.generator
        self.players = {
            name: Player(network, optimizer(network.parameters()), closure=closure)
            for name, network in (("critic", pair.critic), ("generator", pair.generator))
        }
        if compile:
            pair.critic.compile()
            pair.generator.compile()
        self.fixed = self.draw_noise(SHOWN, stream(seed, "fixed"), torch.arange(SHOWN) % data.classes)
        self.score = Score(data, device=device, **score)
        self.metric = Metric(f"test/{self.score.name}", "min")
        self.stream = stream(seed, "noise")

    def batches(self, epoch: int) -> Batches:
        self.stream = stream(self.seed, "noise", epoch)
        return Batches(self, epoch)

    def draw_noise(self, n: int, source: torch.Generator, labels: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Noise (n, latent) and the classes (n,) of samples to be made of it, drawn uniformly if not given."""
        noise = torch.randn((n, self.latent), generator=source)
        if labels is None:
            labels = torch.randint(0, self.data.classes, (n,), generator=source)
        return noise.to(self.device), labels.to(self.device)

    def share(self, n: int) -> Tensor:
        """The image's share (n, 1, 1, 1) in the point where the penalty is taken."""
        return torch.rand((n, 1, 1, 1), generator=self.stream).to(self.device)

    def optimizer_steps(self, batch: tuple[Tensor, Tensor], index: int) -> Iterator[OptimizerStep]:
        images, _ = batch
        noise = self.draw_noise(len(images), self.stream)
        share = self.share(len(images)) if self.penalty else None
        yield OptimizerStep(self.players["critic"], lambda: self.critic_loss(batch, noise, share))
        if self.clip is not None:
            with torch.no_grad():
                torch._foreach_clamp_min_(list(self.critic.parameters()), -self.clip)
                torch._foreach_clamp_max_(list(self.critic.parameters()), self.clip)
        if index % self.every == self.generator_at:
            if self.noise == "fresh":
                noise = self.draw_noise(len(images), self.stream)
            yield OptimizerStep(self.players["generator"], lambda: self.generator_loss(noise))
        if self.fixed_every and index % self.fixed_every == 0:
            with torch.no_grad():
                self.generator(*self.fixed)

    def critic_loss(self, batch: tuple[Tensor, Tensor], noise: tuple[Tensor, Tensor], share: Tensor | None) -> Any:
        images, labels = batch
        with torch.no_grad():
            samples = self.generator(*noise)
        real, fake = self.critic(images, labels), self.critic(samples, noise[1])
        hinge = self.loss == "hinge"
        value = F.relu(1 - real).mean() + F.relu(1 + fake).mean() if hinge else fake.mean() - real.mean()
        logs = summed_logs(len(images), critic_loss=value)
        if self.penalty and share is not None:
            extra = self.penalty * gradient_penalty(self.critic, images, samples, labels, share)
            value, logs = value + extra, logs | summed_logs(len(images), penalty=extra)
        return value, logs

    def generator_loss(self, noise: tuple[Tensor, Tensor]) -> tuple[Tensor, Logs]:
        with frozen_parameters(self.critic):
            value = -self.critic(self.generator(*noise), noise[1]).mean()
        return value, summed_logs(len(noise[0]), generator_loss=value)

    def evaluate(self, split: str) -> Evaluation:
        """ "samples" is the images of the fixed noise, any other split the score."""
        if split == "samples":
            return Evaluation({}, {"samples": self.generator(*self.fixed).add(1).div(2).cpu()})
        source = stream(self.seed, "eval")

        def sample(n: int) -> Tensor:
            return self.generator(*self.draw_noise(n, source))

        return self.score(sample)


class Batches:
    """One epoch of training batches: (images (batch, 3, side, side) in [-1, 1], labels (batch,)). Where an epoch is a
    number of batches, it is made of whole passes without their last short batches."""

    def __init__(self, task: GAN, epoch: int) -> None:
        n, size, source = len(task.train), task.batch_size, stream(task.seed, "order", epoch)
        if task.count is None:
            order = torch.randperm(n, generator=source)
        else:
            whole = max(1, n // size) * size
            passes = -(-task.count * size // whole)
            order = torch.cat([torch.randperm(n, generator=source)[:whole] for _ in range(passes)])
            order = order[: task.count * size]
        mirrored = torch.rand(len(order), generator=stream(task.seed, "augment", epoch)) < 0.5
        self.task, self.order = task, order.to(task.device)
        self.mirrored = (mirrored & task.flip).to(task.device)

    def __len__(self) -> int:
        return -(-len(self.order) // self.task.batch_size)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        for index, mirrored in zip(self.order.split(self.task.batch_size), self.mirrored.split(self.task.batch_size)):
            images = self.task.train.take(index)
            pixels = torch.where(mirrored[:, None, None, None], images.pixels.flip(2), images.pixels)
            yield normalise(pixels, HALF, HALF), images.labels


@contextmanager
def frozen_parameters(module: nn.Module) -> Iterator[None]:
    """What is computed in here sends gradients through the module and none to its parameters."""
    module.requires_grad_(False)
    try:
        yield
    finally:
        module.requires_grad_(True)


def summed_logs(n: int, **values: Tensor) -> dict[str, tuple[Tensor, int]]:
    return {name: (value.detach().double() * n, n) for name, value in values.items()}
