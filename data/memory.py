"""Batches of images that live whole on the device, made there without worker processes.

On a GPU most of a batch's time is the launching of two dozen small kernels, so there eight batches are made together;
on a CPU each is made when it is needed and found in the cache. The values are the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from data.augment import crop_flip, draw, normalise, pad

if TYPE_CHECKING:
    from data.images import ImageData, Images

AT_ONCE = 8  # batches on a GPU: DenseNet121 scores so many in 3 GB


class Training:
    """Some images of a data set for training: padded by an eighth of their side (4 at 32 pixels, as in the paper),
    cropped back and, where the data allow it, mirrored at random."""

    def __init__(self, data: ImageData, images: Images, batch_size: int, device: str) -> None:
        self.data, self.batch_size, self.labels = data, batch_size, images.labels.to(device)
        self.margin = images.pixels.shape[1] // 8
        self.together = AT_ONCE if self.labels.is_cuda else 1
        self.padded = pad(images.pixels.to(device), self.margin)

    def __len__(self) -> int:
        return len(self.labels)

    def epoch(self, order: torch.Generator, augment: torch.Generator) -> Epoch:
        """One epoch's batches; everything random in it comes from the two generators."""
        return Epoch(self, order, augment)


class Epoch:
    """One epoch of training batches: (images (batch, 3, height, width) float32, labels (batch,))."""

    def __init__(self, images: Training, order: torch.Generator, augment: torch.Generator) -> None:
        self.images, device = images, images.labels.device
        self.order = torch.randperm(len(images), generator=order).to(device)
        offsets, flips = draw(len(images), images.margin, images.data.flip, augment)
        self.offsets, self.flips = offsets.to(device), flips.to(device)

    def __len__(self) -> int:
        return -(-len(self.order) // self.images.batch_size)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        images, data = self.images, self.images.data
        size = images.padded.shape[1] - 2 * images.margin
        parts = [t.split(images.batch_size * images.together) for t in (self.order, self.offsets, self.flips)]
        for index, offsets, flips in zip(*parts):
            pixels = normalise(crop_flip(images.padded, index, offsets, flips, size), data.mean, data.std)
            yield from zip(pixels.split(images.batch_size), images.labels[index].split(images.batch_size))


class Scoring:
    """Some images of a data set in their order, as they are, in batches like `Epoch`'s; eight in one on a GPU."""

    def __init__(self, data: ImageData, images: Images, batch_size: int, device: str) -> None:
        self.data, self.images = data, images.to(device)
        self.batch_size = batch_size * (AT_ONCE if self.images.labels.is_cuda else 1)

    def __len__(self) -> int:
        return -(-len(self.images) // self.batch_size)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        for start in range(0, len(self.images), self.batch_size):
            part = slice(start, start + self.batch_size)
            yield normalise(self.images.pixels[part], self.data.mean, self.data.std), self.images.labels[part]
