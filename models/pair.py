"""A critic and a generator, the two networks that a GAN trains against each other."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Pair(nn.Module):
    """The two networks of a GAN as one module.

    generator: noise float (batch, latent) and labels int64 (batch,) to images (batch, channels, side, side) in [-1, 1]
    critic: images and labels to scores (batch,)
    """

    def __init__(self, generator: nn.Module, critic: nn.Module, latent: int) -> None:
        super().__init__()
        self.generator, self.critic, self.latent = generator, critic, latent

    def forward(self, noise: Tensor, labels: Tensor) -> Tensor:
        return self.critic(self.generator(noise, labels), labels)


def gradient_penalty(critic: nn.Module, images: Tensor, samples: Tensor, labels: Tensor, share: Tensor) -> Tensor:
    """Mean over the batch of (|gradient of the critic's score| - 1)^2 at share * image + (1 - share) * sample, a scalar
    that Gulrajani et al. (NeurIPS 2017, arXiv 1704.00028) multiply by 10.

    images, samples: (batch, channels, side, side); labels: (batch,); share: (batch, 1, 1, 1), in [0, 1]
    """
    between = (share * images + (1 - share) * samples).requires_grad_(True)
    (gradient,) = torch.autograd.grad(critic(between, labels).sum(), between, create_graph=True)
    return (gradient.flatten(1).norm(2, dim=1) - 1).square().mean()
