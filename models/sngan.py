"""The class-conditional SN-GAN of the paper's Table 3: a ResNet generator with conditional batch norm and a projection
discriminator under spectral norm (Miyato et al., ICLR 2018, arXiv 1802.05957; Miyato & Koyama, arXiv 1802.05637), in
the form of PyTorch-StudioGAN, from which the authors worked.

At 32 pixels and width 1 the generator has 4,304,387 parameters, the critic 1,055,105.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import spectral_norm

from models.pair import Pair

REVISION = 1  # raised by hand when a fix changes results; covers models/pair.py too

SHORTCUTS = ("rectified", "plain")


def sngan(classes: int, pixels: int = 32, width: float = 1.0, latent: int = 128, shortcut: str = "rectified") -> Pair:
    """Generator and critic for images (batch, 3, pixels, pixels) in [-1, 1] of so many classes.

    Args:
        classes: number of classes.
        pixels: side of the images, 8, 16 or 32.
        width: multiplies the generator's 256 channels and the critic's 128 (rounded, never below 1).
        latent: length of the generator's noise vector.
        shortcut: of the critic's later blocks. "rectified": relu(x) is added instead of x, since the official
            activation works in place on what the shortcut starts from; "plain": x.

    Raises:
        ValueError: another size, or an unknown shortcut.
    """
    if pixels not in (8, 16, 32) or shortcut not in SHORTCUTS:
        raise ValueError(f"pixels must be 8, 16 or 32 and shortcut of {SHORTCUTS}, got {pixels} and {shortcut!r}")
    doublings = pixels.bit_length() - 3
    inner, outer = (max(1, round(channels * width)) for channels in (256, 128))
    pair = Pair(Generator(classes, inner, doublings, latent), Critic(classes, outer, shortcut), latent)
    pair.apply(initialise_orthogonal)
    pair.critic.apply(add_spectral_norm)
    return pair


class ConditionalBatchNorm(nn.Module):
    """Batch norm of x (batch, channels, h, w) with a scale, 1 plus a vector, and a shift, a vector, of each class."""

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, eps=1e-4, affine=False)
        self.scale, self.shift = nn.Embedding(classes, channels), nn.Embedding(classes, channels)

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        scale, shift = (vectors(labels)[:, :, None, None] for vectors in (self.scale, self.shift))
        return self.norm(x) * (1 + scale) + shift


class GeneratorBlock(nn.Module):
    """Residual block: (batch, channels, h, w) and labels (batch,) to (batch, channels, 2 h, 2 w)."""

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = ConditionalBatchNorm(channels, classes), ConditionalBatchNorm(channels, classes)
        self.conv1, self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1), nn.Conv2d(channels, channels, 3, 1, 1)
        self.conv0 = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        y = self.conv1(F.interpolate(F.relu(self.norm1(x, labels)), scale_factor=2))
        y = self.conv2(F.relu(self.norm2(y, labels)))
        return y + self.conv0(F.interpolate(x, scale_factor=2))


class Generator(nn.Module):
    """Noise (batch, latent) and labels (batch,) to images (batch, 3, pixels, pixels) in [-1, 1]."""

    def __init__(self, classes: int, channels: int, doublings: int, latent: int) -> None:
        super().__init__()
        self.linear = nn.Linear(latent, channels * 16)
        self.blocks = nn.ModuleList(GeneratorBlock(channels, classes) for _ in range(doublings))
        self.norm, self.conv = nn.BatchNorm2d(channels, eps=1e-4), nn.Conv2d(channels, 3, 3, 1, 1)

    def forward(self, noise: Tensor, labels: Tensor) -> Tensor:
        x = self.linear(noise).unflatten(1, (-1, 4, 4))
        for block in self.blocks:
            x = block(x, labels)
        return self.conv(F.relu(self.norm(x))).tanh()


class FirstCriticBlock(nn.Module):
    """The critic's first block: images (batch, 3, h, w) to (batch, channels, h / 2, w / 2)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(3, channels, 3, 1, 1), nn.Conv2d(channels, channels, 3, 1, 1)
        self.conv0 = nn.Conv2d(3, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        return F.avg_pool2d(self.conv2(F.relu(self.conv1(x))), 2) + self.conv0(F.avg_pool2d(x, 2))


class CriticBlock(nn.Module):
    """A residual block of the critic, (batch, channels, h, w) to the same, or to half the side if `down`, where a 1x1
    convolution is added to the shortcut."""

    def __init__(self, channels: int, down: bool, rectified: bool) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1), nn.Conv2d(channels, channels, 3, 1, 1)
        self.conv0 = nn.Conv2d(channels, channels, 1) if down else None
        self.rectified = rectified

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv2(F.relu(self.conv1(F.relu(x))))
        shortcut = F.relu(x) if self.rectified else x
        if self.conv0 is None:
            return y + shortcut
        return F.avg_pool2d(y, 2) + F.avg_pool2d(self.conv0(shortcut), 2)


class Critic(nn.Module):
    """Images (batch, 3, pixels, pixels) and labels (batch,) to scores (batch,)."""

    def __init__(self, classes: int, channels: int, shortcut: str) -> None:
        super().__init__()
        rectified = shortcut == "rectified"
        blocks = (CriticBlock(channels, down, rectified) for down in (True, False, False))
        self.blocks = nn.Sequential(FirstCriticBlock(channels), *blocks)
        self.linear, self.embedding = nn.Linear(channels, 1), nn.Embedding(classes, channels)

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        h = F.relu(self.blocks(images)).sum((2, 3))  # (batch, channels)
        return self.linear(h).squeeze(1) + (self.embedding(labels) * h).sum(1)


def initialise_orthogonal(module: nn.Module) -> None:
    """Orthogonal weights of convolutions, linear layers and embeddings; biases zero."""
    if isinstance(module, (nn.Conv2d, nn.Linear, nn.Embedding)):
        nn.init.orthogonal_(module.weight)
        if isinstance(bias := getattr(module, "bias", None), Tensor):
            nn.init.zeros_(bias)


def add_spectral_norm(module: nn.Module) -> None:
    """Divide the weight by its largest singular value, followed by one power iteration at every forward pass."""
    if isinstance(module, (nn.Conv2d, nn.Linear, nn.Embedding)):
        spectral_norm(module, eps=1e-6)
