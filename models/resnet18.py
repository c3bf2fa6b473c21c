"""ResNet18 as on ImageNet (He et al., CVPR 2016): torchvision's own, 11,689,512 parameters at 1,000 classes."""

from __future__ import annotations

from torch import nn
from torchvision.models import resnet18

REVISION = 1  # raised by hand when a fix changes results


def ResNet18(classes: int) -> nn.Module:
    """Maps normalised images float (batch, 3, height, width) to logits (batch, classes), with torchvision's initial
    weights: convolutions Kaiming-normal by fan-out, batch-norm scales one and shifts zero."""
    return resnet18(num_classes=classes)
