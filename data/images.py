"""Image data sets held whole in memory: what every loader returns, their hash, and how images change size."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass, field

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torchvision.utils import save_image

from data import memory


class DataError(RuntimeError):
    """A data set that is absent, damaged or not the expected one; the message is one sentence to the user."""


@dataclass(frozen=True)
class Images:
    """Images with their classes: pixels uint8 (n, height, width, 3) contiguous, labels int64 (n,).

    Raises:
        ValueError: tensors of another type or shape.
    """

    pixels: Tensor
    labels: Tensor

    def __post_init__(self) -> None:
        shape, count = tuple(self.pixels.shape), tuple(self.labels.shape)
        if len(shape) != 4 or shape[3] != 3 or count != shape[:1]:
            raise ValueError(f"need pixels (n, height, width, 3) and labels (n,), got {shape} and {count}")
        if self.pixels.dtype != torch.uint8 or self.labels.dtype != torch.int64:
            kinds = f"{self.pixels.dtype} and {self.labels.dtype}"
            raise ValueError(f"need uint8 pixels and int64 labels, got {kinds}")

    def __len__(self) -> int:
        return len(self.labels)

    def to(self, device: torch.device | str) -> Images:
        """The same images on `device`."""
        return Images(self.pixels.to(device), self.labels.to(device))

    def take(self, index: Tensor) -> Images:
        """The images at the positions `index`, int64 (k,) on the images' device, in that order."""
        return Images(self.pixels.index_select(0, index), self.labels.index_select(0, index))


@dataclass(frozen=True)
class ImageData:
    """A data set with its two splits.

    Attributes:
        name: as in the configuration ("cifar10").
        classes: number of classes; labels run from 0 to classes - 1.
        train, test: the splits, at the size asked for.
        mean, std: per channel (red, green, blue), of pixels scaled to [0, 1].
        flip: whether a mirrored image keeps its class, so that training may mirror it.
        content: `content_hash` of the decoded images at their original size; equal for every file layout.
        files: sha256 of each file read, by file name.
    """

    name: str
    classes: int
    train: Images
    test: Images
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    flip: bool
    content: str
    files: dict[str, str] = field(default_factory=dict)

    def training(self, images: Images, batch_size: int, device: str) -> memory.Training:
        """Training batches of some of the images, on `device`."""
        return memory.Training(self, images, batch_size, device)

    def scoring(self, images: Images, batch_size: int, device: str) -> memory.Scoring:
        """Batches of some of the images in their order, not augmented, on `device`."""
        return memory.Scoring(self, images, batch_size, device)


def grid_png(images: Tensor) -> bytes:
    """Images (n, 3, height, width) in [0, 1] as a PNG of one square grid."""
    buffer = io.BytesIO()
    save_image(images, buffer, format="png", nrow=round(len(images) ** 0.5))
    return buffer.getvalue()


def content_hash(*arrays: np.ndarray) -> str:
    """sha256 over type, shape and values (row-major, little-endian) of arrays, one after the other."""
    digest = hashlib.sha256()
    for array in arrays:
        little = array.astype(array.dtype.newbyteorder("<"), order="C", copy=False)
        digest.update(f"{little.dtype.str}{little.shape}".encode())
        digest.update(little.data)
    return digest.hexdigest()


def shrink(pixels: Tensor, size: int) -> Tensor:
    """Square images (n, side, side, 3) uint8 to (n, size, size, 3) by area averaging, halves rounded up.

    Raises:
        DataError: `size` does not divide the side.
    """
    side = pixels.shape[1]
    if size < 1 or side % size:
        fitting = ", ".join(str(n) for n in range(1, side + 1) if side % n == 0)
        raise DataError(f"images of {side} pixels can only be shrunk to one of {fitting} pixels, got {size}")
    factor = side // size
    if factor == 1:
        return pixels
    corners = [pixels[:, row::factor, column::factor] for row in range(factor) for column in range(factor)]
    total = corners[0].to(torch.int32)  # integers: the same on every machine
    for corner in corners[1:]:
        total += corner
    total += factor * factor // 2
    return total.div_(factor * factor, rounding_mode="floor").to(torch.uint8)


def enlarge(pixels: Tensor, size: int) -> Tensor:
    """Square images (n, side, side, 3) uint8 to (n, size, size, 3) with Pillow's bilinear filter, as torchvision's
    Resize does with images: two passes of integers, the same on every machine.

    Raises:
        DataError: `size` is below the side.
    """
    side = pixels.shape[1]
    if size < side:
        raise DataError(f"images of {side} pixels can only be enlarged, to {side} pixels or more, got {size}")
    if size == side:
        return pixels
    large = torch.empty((len(pixels), size, size, 3), dtype=torch.uint8)
    for image, place in zip(pixels.numpy(), large.numpy()):
        place[...] = Image.fromarray(image).resize((size, size), Image.Resampling.BILINEAR)
    return large
