"""ResNet34 for 32x32 images, as in the AdaBelief repository's CIFAR code (which follows pytorch-cifar).

He et al., arXiv 1512.03385: a 3x3 stem without pooling, post-activation blocks, projections only where the
image shrinks. 21,282,122 parameters for 10 classes, 21,328,292 for 100. Every weight keeps torch's default
initialisation; in particular the last batch norm of a block is not zeroed.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

REVISION = 1  # raised by hand when a fix changes results

BLOCKS_PER_STAGE = (3, 4, 6, 3)
CHANNELS = (64, 128, 256, 512)
STRIDES = (1, 2, 2, 2)


class BasicBlock(nn.Module):
    """conv-BN-ReLU-conv-BN plus shortcut, ReLU: (batch, inputs, h, w) to (batch, outputs, h/stride, w/stride)."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.shortcut: nn.Module | None = None
        if stride != 1:
            projection = nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False)
            self.shortcut = nn.Sequential(projection, nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.bn1(self.conv1(x)), inplace=True)
        y = self.bn2(self.conv2(y))
        y += x if self.shortcut is None else self.shortcut(x)
        return F.relu(y, inplace=True)


class ResNet34(nn.Module):
    """Maps normalised images float (batch, 3, height, width) to logits (batch, classes).

    Args:
        classes: size of the last layer.
        width: multiplies every channel count (rounded, never below 16); 1.0 is the paper's network.

    Raises:
        ValueError: classes below 1 or width not positive.
    """

    def __init__(self, classes: int = 10, width: float = 1.0) -> None:
        super().__init__()
        if classes < 1 or width <= 0:
            raise ValueError(f"classes and width must be positive, got classes={classes}, width={width}")
        # Never below 16: with fewer input channels than a block (8 on AVX2, 16 on AVX-512) the backward pass
        # of the 1x1 stride-2 projections corrupts the heap or hangs in torch 2.14's oneDNN when tensors are
        # channels-last (uxlfoundation/oneDNN issue 6035).
        channels = [max(16, round(count * width)) for count in CHANNELS]
        self.conv = nn.Conv2d(3, channels[0], 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(channels[0])
        self.stages = nn.Sequential()
        inputs = channels[0]
        for blocks, outputs, stride in zip(BLOCKS_PER_STAGE, channels, STRIDES, strict=True):
            stage = [BasicBlock(inputs, outputs, stride)]
            stage += [BasicBlock(outputs, outputs, 1) for _ in range(blocks - 1)]
            self.stages.append(nn.Sequential(*stage))
            inputs = outputs
        self.linear = nn.Linear(inputs, classes)

    def forward(self, images: Tensor) -> Tensor:
        x = F.relu(self.bn(self.conv(images)), inplace=True)
        x = self.stages(x)  # (batch, 512, 4, 4) at 32 px
        return self.linear(x.mean((2, 3)))
