"""The small GAN of the AdaBelief repository: a DCGAN (Radford et al., ICLR 2016, arXiv 1511.06434) of kernels 4x4.

At 64 pixels and 64 filters the generator has 3,576,704 parameters, the WGAN critic 2,765,568 and the WGAN-GP critic
2,765,569. Labels are accepted and ignored.
"""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from models.pair import Pair

REVISION = 1  # raised by hand when a fix changes results; covers models/pair.py too

HEADS = ("convolution", "linear")
NORMS = ("batch", "layer")
OUTPUTS = ("sigmoid", "linear")


def dcgan(
    classes: int,
    pixels: int = 64,
    filters: int = 64,
    width: float = 1.0,
    latent: int = 100,
    head: str = "convolution",
    norm: str = "batch",
    output: str = "sigmoid",
) -> Pair:
    """Generator and critic for images (batch, 3, pixels, pixels) in [-1, 1]; neither looks at the labels.

    Args:
        classes: not used; a class-conditional GAN takes the same arguments.
        pixels: side of the images, 8, 16, 32, 64, ...
        filters: times `width`, channels at half of that size; doubled at each halving.
        width: multiplies `filters` (rounded, never below 1).
        latent: length of the generator's noise vector.
        head: of the critic, "convolution" without a bias or "linear" with one.
        norm: between the critic's layers, "batch" or "layer" (which keeps samples apart, as a penalty on each sample's
            gradient assumes).
        output: of the critic, "sigmoid", as the official WGAN has it, or "linear".

    Raises:
        ValueError: an unknown head, norm or output, or a size that is no power of two from 8 on.
    """
    halvings = pixels.bit_length() - 3  # down to 4x4
    if pixels < 8 or pixels != 4 << halvings:
        raise ValueError(f"pixels must be 8, 16, 32, 64, ..., got {pixels}")
    for choice, choices in ((head, HEADS), (norm, NORMS), (output, OUTPUTS)):
        if choice not in choices:
            raise ValueError(f"expected one of {', '.join(choices)}, got {choice!r}")
    channels = [max(1, round(filters * width)) << n for n in range(halvings)]  # from the image inwards
    pair = Pair(Generator(channels, latent), Critic(channels, head, norm, output), latent)
    pair.apply(initialise)
    return pair


class Generator(nn.Module):
    """Noise (batch, latent) to images (batch, 3, pixels, pixels) in [-1, 1]; `channels` from the image inwards."""

    def __init__(self, channels: list[int], latent: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.ConvTranspose2d(latent, channels[-1], 4, 1, 0, bias=False))
        for inner, outer in pairwise(reversed(channels)):
            self.layers.extend([nn.BatchNorm2d(inner), nn.ReLU(inplace=True)])
            self.layers.append(nn.ConvTranspose2d(inner, outer, 4, 2, 1, bias=False))
        self.layers.extend([nn.BatchNorm2d(channels[0]), nn.ReLU(inplace=True)])
        self.layers.extend([nn.ConvTranspose2d(channels[0], 3, 4, 2, 1, bias=False), nn.Tanh()])

    def forward(self, noise: Tensor, labels: Tensor | None = None) -> Tensor:
        return self.layers(noise[:, :, None, None])


class Critic(nn.Module):
    """Images (batch, 3, pixels, pixels) to scores (batch,)."""

    def __init__(self, channels: list[int], head: str, norm: str, output: str) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(3, channels[0], 4, 2, 1, bias=False), nn.LeakyReLU(0.2, inplace=True))
        for outer, inner in pairwise(channels):
            self.layers.append(nn.Conv2d(outer, inner, 4, 2, 1, bias=False))
            # one group over all channels and pixels: layer norm with a scale and a shift for each channel
            self.layers.append(nn.BatchNorm2d(inner) if norm == "batch" else nn.GroupNorm(1, inner))
            self.layers.append(nn.LeakyReLU(0.2, inplace=True))
        if head == "convolution":
            self.layers.append(nn.Conv2d(channels[-1], 1, 4, 1, 0, bias=False))
        else:
            self.layers.extend([nn.Flatten(), nn.Linear(16 * channels[-1], 1)])
        if output == "sigmoid":
            self.layers.append(nn.Sigmoid())

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Tensor:
        return self.layers(images).flatten()


def initialise(module: nn.Module) -> None:
    """Convolutions N(0, 0.02), batch-norm scales N(1, 0.02); the linear head and layer norm keep torch's default."""
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
        nn.init.normal_(module.weight, 0.0, 0.02)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)
        nn.init.zeros_(module.bias)
