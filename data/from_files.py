"""Images that stay in their files: decoded by threads as they are needed, in batches that do not depend on how many.

Threads, not processes: everything costly releases the interpreter's lock, so nothing is copied between processes,
memory stays flat and a killed run leaves nobody behind. Colours are made float on the device, from bytes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import torch
from threadpoolctl import threadpool_limits
from torch import Tensor

from data.augment import normalise
from data.errors import DataError
from data.jpeg import UnreadableImage, centre_crop, decode, random_crop

BATCHES_AHEAD = 3  # batches that are being made while one is used
IMAGES_PER_TASK = 8  # images that a thread takes at a time: one by one, the waking up costs a third of the speed
SHORTER_SIDE = 256 / 224  # for evaluation, the shorter side is brought to so many times the side of the square
# from a decoded image (height, width, 3) and its number to a square of it (side, side, 3)
CropFunction = Callable[[np.ndarray, int], np.ndarray]


@dataclass(frozen=True)
class ImageFiles:
    """Images as names below `root`, with their classes: labels int64 (n,) on the CPU."""

    root: Path
    names: Sequence[str]
    labels: Tensor

    def __len__(self) -> int:
        return len(self.names)

    def take(self, index: Tensor) -> ImageFiles:
        """The images at the positions `index`, int64 (k,), in that order."""
        return ImageFiles(self.root, [self.names[i] for i in index.tolist()], self.labels[index])

    def pixels(self, number: int) -> np.ndarray:
        """One image as uint8 (height, width, 3).

        Raises:
            DataError: its file cannot be read any more.
        """
        path = self.root / self.names[number]
        try:
            return decode(path.read_bytes())
        except OSError as error:
            raise DataError(f"cannot read {path}: {error.strerror}") from error
        except UnreadableImage as error:
            raise DataError(f"{path} is {error}; it was not when the files were checked") from error


@dataclass(frozen=True)
class FileData:
    """A data set of image files with its two splits.

    Attributes:
        name: as in the configuration ("imagenet").
        classes: number of classes; labels run from 0 to classes - 1.
        train, test: the splits.
        pixels: side of the squares that are cut out.
        mean, std: per channel (red, green, blue), of pixels scaled to [0, 1].
        flip: whether a mirrored image keeps its class.
        content: hash of the files' bytes in their order, with their classes.
        used: how many images each split holds, and how many were skipped as unreadable.
        workers: threads that decode; 0: the caller's; None: as many as torch computes with.
    """

    name: str
    classes: int
    train: ImageFiles
    test: ImageFiles
    pixels: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    flip: bool
    content: str
    used: dict[str, int] = field(default_factory=dict)
    workers: int | None = None

    def training_images(self, images: ImageFiles, batch_size: int, device: str) -> TrainingFiles:
        """Some of the images for training, in batches of `batch_size`, the last one shorter, on `device`."""
        return TrainingFiles(self, images, batch_size, device)

    def evaluation_batches(self, images: ImageFiles, batch_size: int, device: str) -> FileBatches:
        """Batches of some of the images in their order, the middle of each, on `device`."""

        def crop_centre(pixels: np.ndarray, _: int) -> np.ndarray:
            return centre_crop(pixels, self.pixels, round(self.pixels * SHORTER_SIDE))

        return FileBatches(self, images, torch.arange(len(images)), crop_centre, batch_size, device)


class TrainingFiles:
    """Some images of a data set for training: a random part of random shape of each, mirrored at random."""

    def __init__(self, data: FileData, images: ImageFiles, batch_size: int, device: str) -> None:
        self.data, self.images, self.batch_size, self.device = data, images, batch_size, device

    def __len__(self) -> int:
        return len(self.images)

    def epoch_batches(self, order: torch.Generator, augment: torch.Generator) -> FileBatches:
        """One epoch's batches; everything random in it comes from the two generators."""
        numbers = torch.randperm(len(self.images), generator=order)
        key = int(torch.randint(2**63 - 1, (), generator=augment))
        crop = partial(random_crop, side=self.data.pixels, flip=self.data.flip, key=key)
        return FileBatches(self.data, self.images, numbers, crop, self.batch_size, self.device)


class FileBatches:
    """Batches (images (batch, 3, side, side) float32, labels (batch,)) of the images of the given `numbers`, in their
    order, the last short one kept. Its length is the number of batches."""

    def __init__(
        self, data: FileData, images: ImageFiles, numbers: Tensor, crop: CropFunction, batch_size: int, device: str
    ) -> None:
        self.data, self.images, self.crop, self.device = data, images, crop, device
        self.parts = numbers.split(batch_size) if len(numbers) else ()

    def __len__(self) -> int:
        return len(self.parts)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        for pixels, part in zip(self.pixel_batches(), self.parts):
            labels = self.images.labels[part].to(self.device, non_blocking=True)
            yield normalise(pixels.to(self.device, non_blocking=True), self.data.mean, self.data.std), labels

    def pixel_batches(self) -> Iterator[Tensor]:
        """The batches as uint8 (batch, side, side, 3) on the CPU."""
        workers = torch.get_num_threads() if self.data.workers is None else self.data.workers
        if workers == 0:
            for part in self.parts:
                batch = self.new_batch(len(part))
                self.decode_into(batch, part)
                yield batch
            return
        with decoding_threads(workers) as pool:
            ahead: deque[tuple[Tensor, list[Future[None]]]] = deque()
            for part in self.parts:
                batch = self.new_batch(len(part))
                pieces = zip(batch.split(IMAGES_PER_TASK), part.split(IMAGES_PER_TASK))
                ahead.append((batch, [pool.submit(self.decode_into, *piece) for piece in pieces]))
                if len(ahead) > BATCHES_AHEAD:
                    yield wait_for(*ahead.popleft())
            while ahead:
                yield wait_for(*ahead.popleft())

    def new_batch(self, n: int) -> Tensor:
        side = self.data.pixels
        return torch.empty((n, side, side, 3), dtype=torch.uint8, pin_memory=self.device.startswith("cuda"))

    def decode_into(self, batch: Tensor, numbers: Tensor) -> None:
        """Decode images into their places of a batch, uint8 (n, side, side, 3)."""
        for place, number in zip(batch.numpy(), numbers.tolist()):
            place[...] = self.crop(self.images.pixels(number), number)


@contextmanager
def decoding_threads(workers: int) -> Iterator[ThreadPoolExecutor]:
    """Threads that are gone at the end; what they have not begun by then is left undone."""
    pool = ThreadPoolExecutor(workers, thread_name_prefix="decode", initializer=use_one_thread)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def use_one_thread() -> None:
    """Have the calling thread compute without helpers: torch would give each decoding thread a team of its own."""
    torch.get_num_threads()  # which sets the thread's number when it is first asked for
    threadpool_limits(1, user_api="openmp")


def wait_for(batch: Tensor, tasks: list[Future[None]]) -> Tensor:
    """The batch, once its images are decoded."""
    for task in tasks:
        task.result()
    return batch
