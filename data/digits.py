"""The 8x8 handwritten digits that scikit-learn carries inside its package: real images, no download.

Alpaydin & Kaynak, "Optical Recognition of Handwritten Digits", UCI repository, 1998; the 1,797 images of its
test part, grey values 0..16. They stand in for CIFAR at the quick scale.
"""

from __future__ import annotations

import numpy as np
import torch

from data.images import Images, content_hash, enlarge_bilinear
from data.in_memory import ImageData

REVISION = 2  # raised by hand when a fix changes what is trained on

CONTENT = {"digits": "ed4381c8fe7bcb0d348335cd30aa48ba0afd26ad09de9960fa5cf61758520b23"}  # as decoded, at 8x8

# Over all pixels of the 1,437 training images at 8x8, grey value / 16; the three channels are equal.
MEAN = 0.3052
STD = 0.3763


def digits(pixels: int = 32) -> ImageData:
    """Load the digits at `pixels` a side (8 as they are, above that by bilinear enlargement).

    Every fifth image (index 0, 5, 10, ...; 360 of them) is the test split, the other 1,437 are the training
    split. The three channels are equal. No flips: a mirrored digit is another shape. The content hash covers
    the grey values 0..16 at 8x8.

    Raises:
        DataError: `pixels` below 8.
    """
    from sklearn.datasets import load_digits  # takes a second to import: only those who use it pay

    bunch = load_digits()
    grey = bunch.images.astype(np.uint8)  # (1797, 8, 8), 0..16
    labels = bunch.target.astype(np.int64)
    held_out = np.arange(len(labels)) % 5 == 0
    train = grey[~held_out], labels[~held_out]
    test = grey[held_out], labels[held_out]
    return ImageData(
        name="digits",
        classes=10,
        train=rgb_images(*train, pixels),
        test=rgb_images(*test, pixels),
        mean=(MEAN, MEAN, MEAN),
        std=(STD, STD, STD),
        flip=False,
        content=content_hash(*train, *test),
        files={},  # the images are part of the scikit-learn package, not a file of ours
    )


def rgb_images(grey: np.ndarray, labels: np.ndarray, pixels: int) -> Images:
    """Grey values 0..16 (n, 8, 8) as RGB images 0..255 of the size asked for."""
    scaled = np.rint(grey * (255 / 16)).astype(np.uint8)
    coloured = torch.from_numpy(scaled)[..., None].repeat(1, 1, 1, 3)
    return Images(enlarge_bilinear(coloured, pixels), torch.from_numpy(labels))
