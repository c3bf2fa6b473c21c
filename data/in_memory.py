"""Image data sets held whole in memory, and their batches, made on the device without worker processes.

On a GPU most of a batch's time is the launching of two dozen small kernels, so there eight batches are made together;
on a CPU each is made when it is needed and found in the cache. The values are the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import torch
from torch import Tensor

from data.augment import crop_and_flip, draw_crops_and_flips, normalise, pad_images
from data.images import Images

GPU_BATCHES_AT_ONCE = 8  # DenseNet121 scores so many in 3 GB


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

    def training_images(self, images: Images, batch_size: int, device: str) -> TrainingImages:
        """Some of the images for training, in batches of `batch_size`, the last one shorter, on `device`."""
        return TrainingImages(self, images, batch_size, device)

    def evaluation_batches(self, images: Images, batch_size: int, device: str) -> EvaluationBatches:
        """Batches of some of the images in their order, not augmented, on `device`."""
        return EvaluationBatches(self, images, batch_size, device)


class TrainingImages:
    """Some images of a data set for training: padded by an eighth of their side (4 at 32 pixels, as in the paper),
    cropped back and, where the data allow it, mirrored at random."""

    def __init__(self, data: ImageData, images: Images, batch_size: int, device: str) -> None:
        self.data, self.batch_size, self.labels = data, batch_size, images.labels.to(device)
        self.margin = images.pixels.shape[1] // 8
        self.batches_at_once = GPU_BATCHES_AT_ONCE if self.labels.is_cuda else 1
        self.padded = pad_images(images.pixels.to(device), self.margin)

    def __len__(self) -> int:
        return len(self.labels)

    def epoch_batches(self, order: torch.Generator, augment: torch.Generator) -> EpochBatches:
        """One epoch's batches; everything random in it comes from the two generators."""
        return EpochBatches(self, order, augment)


class EpochBatches:
    """One epoch of training batches: (images (batch, 3, height, width) float32, labels (batch,) int64)."""

    def __init__(self, images: TrainingImages, order: torch.Generator, augment: torch.Generator) -> None:
        self.images, device = images, images.labels.device
        self.order = torch.randperm(len(images), generator=order).to(device)
        offsets, flips = draw_crops_and_flips(len(images), images.margin, images.data.flip, augment)
        self.offsets, self.flips = offsets.to(device), flips.to(device)

    def __len__(self) -> int:
        return -(-len(self.order) // self.images.batch_size)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        images, data = self.images, self.images.data
        size = images.padded.shape[1] - 2 * images.margin
        parts = [t.split(images.batch_size * images.batches_at_once) for t in (self.order, self.offsets, self.flips)]
        for index, offsets, flips in zip(*parts):
            pixels = normalise(crop_and_flip(images.padded, index, offsets, flips, size), data.mean, data.std)
            yield from zip(pixels.split(images.batch_size), images.labels[index].split(images.batch_size))


class EvaluationBatches:
    """Some images of a data set in their order, not augmented, in batches as `EpochBatches`; on a GPU eight in one."""

    def __init__(self, data: ImageData, images: Images, batch_size: int, device: str) -> None:
        self.data, self.images = data, images.to(device)
        self.batch_size = batch_size * (GPU_BATCHES_AT_ONCE if self.images.labels.is_cuda else 1)

    def __len__(self) -> int:
        return -(-len(self.images) // self.batch_size)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        for start in range(0, len(self.images), self.batch_size):
            part = slice(start, start + self.batch_size)
            yield normalise(self.images.pixels[part], self.data.mean, self.data.std), self.images.labels[part]
