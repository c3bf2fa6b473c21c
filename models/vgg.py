"""VGG11 for 32x32 images, without batch norm, as in the AdaBelief repository's CIFAR code.

Simonyan & Zisserman, arXiv 1409.1556, configuration A, with a 512-512-classes head. 9,750,922 parameters for
10 classes, 9,797,092 for 100.
"""

from __future__ import annotations

import math

from torch import Tensor, nn

REVISION = 1  # raised by hand when a fix changes results

# Output channels of the 3x3 convolutions; "pool" halves the image.
LAYERS = (64, "pool", 128, "pool", 256, 256, "pool", 512, 512, "pool", 512, 512, "pool")


class VGG11(nn.Module):
    """Maps normalised images float (batch, 3, height, width) to logits (batch, classes).

    Args:
        classes: size of the last layer.
        width: multiplies every hidden size (rounded); 1.0 is the paper's network.
        dropout: probability, applied before the first and the second linear layer only.

    Raises:
        ValueError: classes below 1, width not positive, or dropout outside [0, 1].
    """

    def __init__(self, classes: int = 10, width: float = 1.0, dropout: float = 0.5) -> None:
        super().__init__()
        if classes < 1 or width <= 0:
            raise ValueError(f"classes and width must be positive, got classes={classes}, width={width}")
        self.features = nn.Sequential()
        channels = 3
        for layer in LAYERS:
            if isinstance(layer, str):
                # ceil_mode changes nothing at 32 px; smaller images are 1x1 before the last pool and pass
                self.features.append(nn.MaxPool2d(2, ceil_mode=True))
            else:
                outputs = max(1, round(layer * width))
                self.features.append(nn.Conv2d(channels, outputs, 3, padding=1))
                self.features.append(nn.ReLU(inplace=True))
                channels = outputs
        hidden = channels
        self.classifier = nn.Sequential(
            nn.Dropout(dropout),
            nn.Linear(channels, hidden),
            nn.ReLU(inplace=True),
            nn.Dropout(dropout),
            nn.Linear(hidden, hidden),
            nn.ReLU(inplace=True),
            nn.Linear(hidden, classes),
        )
        for module in self.features:
            if isinstance(module, nn.Conv2d) and module.bias is not None:
                nn.init.normal_(module.weight, 0.0, math.sqrt(2 / (9 * module.out_channels)))
                nn.init.zeros_(module.bias)
        # the linear layers keep torch's default: U(+-1/sqrt(inputs)), weights and biases

    def forward(self, images: Tensor) -> Tensor:
        features = self.features(images)  # (batch, 512, 1, 1) at 32 px, where the mean below is the identity
        return self.classifier(features.mean((2, 3)))
