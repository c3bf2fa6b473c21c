"""A critic and a generator, the two networks that a GAN trains against each other."""

from __future__ import annotations

from torch import Tensor, nn


class Pair(nn.Module):
    """`generator` maps noise (batch, latent) and labels (batch,) to images (batch, channels, side, side) in [-1, 1];
    `critic` maps images and labels to scores (batch,)."""

    def __init__(self, generator: nn.Module, critic: nn.Module, latent: int) -> None:
        super().__init__()
        self.generator, self.critic, self.latent = generator, critic, latent

    def forward(self, noise: Tensor, labels: Tensor) -> Tensor:
        return self.critic(self.generator(noise, labels), labels)
