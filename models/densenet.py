"""DenseNet121 for 32x32 images, as in the AdaBelief repository's CIFAR code (which follows pytorch-cifar).

Huang et al., arXiv 1608.06993, DenseNet-BC: growth 32, reduction 0.5, a bare 3x3 stem. 6,956,298 parameters
for 10 classes, 7,048,548 for 100. Every weight keeps torch's default initialisation.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

REVISION = 1  # raised by hand when a fix changes results

LAYERS_PER_BLOCK = (6, 12, 24, 16)
GROWTH = 32


class DenseLayer(nn.Module):
    """BN-ReLU-conv1x1-BN-ReLU-conv3x3: (batch, inputs, h, w) to (batch, growth + inputs, h, w), new channels first."""

    def __init__(self, inputs: int, growth: int) -> None:
        super().__init__()
        self.bn1 = nn.BatchNorm2d(inputs)
        self.conv1 = nn.Conv2d(inputs, 4 * growth, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(4 * growth)
        self.conv2 = nn.Conv2d(4 * growth, growth, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv1(F.relu(self.bn1(x), inplace=True))
        y = self.conv2(F.relu(self.bn2(y), inplace=True))
        return torch.cat((y, x), 1)


class Transition(nn.Module):
    """BN-ReLU-conv1x1, then a 2x2 mean: (batch, inputs, h, w) to (batch, outputs, h/2, w/2)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.bn = nn.BatchNorm2d(inputs)
        self.conv = nn.Conv2d(inputs, outputs, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return F.avg_pool2d(self.conv(F.relu(self.bn(x), inplace=True)), 2)


class DenseNet121(nn.Module):
    """Maps normalised images float (batch, 3, height, width) to logits (batch, classes).

    Args:
        classes: size of the last layer.
        width: multiplies the growth of 32 channels a layer (rounded); the stem has twice the growth and every
            transition halves the channels, so all counts follow. 1.0 is the paper's network.

    Raises:
        ValueError: classes below 1 or width not positive.
    """

    def __init__(self, classes: int = 10, width: float = 1.0) -> None:
        super().__init__()
        if classes < 1 or width <= 0:
            raise ValueError(f"classes and width must be positive, got classes={classes}, width={width}")
        growth = max(1, round(GROWTH * width))
        channels = 2 * growth
        self.conv = nn.Conv2d(3, channels, 3, padding=1, bias=False)
        self.blocks = nn.Sequential()
        for index, layers in enumerate(LAYERS_PER_BLOCK):
            if index > 0:
                self.blocks.append(Transition(channels, channels // 2))
                channels //= 2
            self.blocks.append(nn.Sequential(*(DenseLayer(channels + i * growth, growth) for i in range(layers))))
            channels += layers * growth
        self.bn = nn.BatchNorm2d(channels)
        self.linear = nn.Linear(channels, classes)

    def forward(self, images: Tensor) -> Tensor:
        x = self.blocks(self.conv(images))  # (batch, 1024, 4, 4) at 32 px
        x = F.relu(self.bn(x), inplace=True)
        return self.linear(x.mean((2, 3)))
