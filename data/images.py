"""Images held whole in memory: plain data, their hash, and how they change size."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from data.errors import DataError


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


def grid_png(images: Tensor) -> bytes:
    """Images float (n, 3, height, width) in [0, 1] as the bytes of a PNG, laid out in a grid as square as n allows."""
    from torchvision.utils import save_image  # imports torchvision's models: seconds

    buffer = io.BytesIO()
    save_image(images, buffer, format="png", nrow=round(len(images) ** 0.5))
    return buffer.getvalue()


def content_hash(*arrays: np.ndarray) -> str:
    """sha256 in hexadecimal over type, shape and values (row-major, little-endian) of arrays, one after the other."""
    digest = hashlib.sha256()
    for array in arrays:
        little = array.astype(array.dtype.newbyteorder("<"), order="C", copy=False)
        digest.update(f"{little.dtype.str}{little.shape}".encode())
        digest.update(little.data)
    return digest.hexdigest()


def shrink_by_area(pixels: Tensor, size: int) -> Tensor:
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
    subsamples = [pixels[:, row::factor, column::factor] for row in range(factor) for column in range(factor)]
    total = subsamples[0].to(torch.int32)  # integers: the same on every machine
    for subsample in subsamples[1:]:
        total += subsample
    total += factor * factor // 2
    return total.div_(factor * factor, rounding_mode="floor").to(torch.uint8)


def enlarge_bilinear(pixels: Tensor, size: int) -> Tensor:
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
