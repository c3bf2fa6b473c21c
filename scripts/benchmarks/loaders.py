"""The image loaders that are timed: each delivers the same folder, in random order, as normalised random crops."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from simplejpeg import decode_jpeg, decode_jpeg_header
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms
from torchvision.datasets import ImageFolder
from torchvision.transforms import v2

from data import jpeg
from data.augment import normalise
from data.from_files import FileBatches, FileData
from data.imagenet import MEAN, STD, imagenet

SIDE, BATCH = 224, 64
REFERENCE = "torchvision's reference"
OURS = "ours"
Loader = Callable[[], Iterable[tuple[Tensor, Tensor]]]  # each call gives one epoch


def loaders(folder: Path, workers: int, device: str) -> dict[str, Loader]:
    """Every loader by its name; peers that are not installed are left out."""
    data = imagenet(folder, pixels=SIDE, classes=None, workers=workers)
    found: dict[str, Loader] = {
        REFERENCE: of_torchvision(folder / "train", workers, transforms),
        "torchvision's transforms v2": of_torchvision(folder / "train", workers, v2),
        OURS: partial(ours, data, device),
        "ours, one thread": partial(ours, replace(data, workers=1), device),
        "ours, without a thread of its own": partial(ours, replace(data, workers=0), device),
        "ours, in processes": in_processes(ours(data, "cpu"), workers, device),
        "ours, decoding at reduced scale": partial(other, Reduced, data, device),
    }
    if importlib.util.find_spec("cv2"):
        found["OpenCV's decoder and filter, our threads"] = partial(other, OpenCV, data, device)
    else:
        print("OpenCV: not installed, left out")
    if importlib.util.find_spec("spdl"):
        found["SPDL, FFmpeg's decoder and filter"] = of_spdl(data, workers, device)
    else:
        print("SPDL: not installed, left out")
    return found


def generators() -> tuple[torch.Generator, torch.Generator]:
    return torch.Generator().manual_seed(0), torch.Generator().manual_seed(1)


def ours(data: FileData, device: str) -> FileBatches:
    return data.training_images(data.train, BATCH, device).epoch_batches(*generators())


def of_torchvision(folder: Path, workers: int, kit: Any) -> Loader:
    """ImageFolder and DataLoader with the transforms of torch's ImageNet example."""
    steps = [kit.RandomResizedCrop(SIDE), kit.RandomHorizontalFlip()]
    if kit is v2:
        steps += [kit.ToImage(), kit.ToDtype(torch.float32, scale=True)]
    else:
        steps += [kit.ToTensor()]
    data = ImageFolder(str(folder), kit.Compose([*steps, kit.Normalize(MEAN, STD)]))
    loader = DataLoader(data, BATCH, shuffle=True, num_workers=workers, persistent_workers=True)
    return lambda: loader


class Parts(Dataset):
    """For each number, a batch of ours, made by a worker process."""

    def __init__(self, batches: FileBatches) -> None:
        self.batches = batches

    def __len__(self) -> int:
        return len(self.batches)

    def __getitem__(self, n: int) -> tuple[Tensor, Tensor]:
        part = self.batches.parts[n]
        batch = torch.empty((len(part), SIDE, SIDE, 3), dtype=torch.uint8)
        self.batches.decode_into(batch, part)
        return batch, self.batches.images.labels[part]


def in_processes(batches: FileBatches, workers: int, device: str) -> Loader:
    loader = DataLoader(Parts(batches), batch_size=None, num_workers=workers, persistent_workers=True)

    def epoch() -> Iterator[tuple[Tensor, Tensor]]:
        for squares, labels in loader:
            yield normalise(squares.to(device), MEAN, STD), labels.to(device)

    return epoch


class OpenCV(FileBatches):
    """Our boxes with OpenCV's decoder and its bilinear filter, which skips pixels when it shrinks."""

    def decode_into(self, batch: Tensor, numbers: Tensor) -> None:
        import cv2

        cv2.setNumThreads(1)
        for place, number in zip(batch.numpy(), numbers.tolist()):
            pixels = cv2.imread(str(self.images.root / self.images.names[number]), cv2.IMREAD_COLOR)
            top, left, height, width = jpeg.random_box(pixels.shape[0], pixels.shape[1], jpeg.draw_uniforms(0, number))
            crop = cv2.resize(pixels[top : top + height, left : left + width], (SIDE, SIDE))
            place[...] = cv2.cvtColor(crop, cv2.COLOR_BGR2RGB)


class Reduced(FileBatches):
    """Ours, but a large crop is decoded at a half, a quarter or an eighth of its size: other pixels."""

    def decode_into(self, batch: Tensor, numbers: Tensor) -> None:
        for place, number in zip(batch.numpy(), numbers.tolist()):
            content = (self.images.root / self.images.names[number]).read_bytes()
            whole = decode_jpeg_header(content)[:2]
            box = jpeg.random_box(whole[0], whole[1], jpeg.draw_uniforms(0, number))
            factor = max(1.0, min(box[2:]) / SIDE)  # of which the library takes the next power of two below
            least = [int(n / factor) for n in whole]
            pixels = decode_jpeg(content, "RGB", min_height=least[0], min_width=least[1], min_factor=1)
            top, left, height, width = (int(n * pixels.shape[0] / whole[0]) for n in box)
            place[...] = jpeg.resize(pixels[top : top + max(1, height), left : left + max(1, width)], SIDE, SIDE)


def other(kind: type[FileBatches], data: FileData, device: str) -> FileBatches:
    """One epoch of ours, decoded in another way."""
    plain = ours(data, device)
    return kind(data, plain.images, torch.cat(list(plain.parts)), plain.crop, BATCH, device)


def of_spdl(data: FileData, workers: int, device: str) -> Loader:
    """Our boxes, cut and scaled by FFmpeg's filters, in SPDL's pipeline of threads."""
    import spdl.io
    from spdl.pipeline import PipelineBuilder

    sizes = [decode_jpeg_header((data.train.root / name).read_bytes())[:2] for name in data.train.names]

    def square(number: int) -> tuple[np.ndarray, int]:
        top, left, height, width = jpeg.random_box(sizes[number][0], sizes[number][1], jpeg.draw_uniforms(0, number))
        cut = f"crop={width}:{height}:{left}:{top},scale={SIDE}:{SIDE}:flags=bilinear,format=rgb24"
        packets = spdl.io.demux_image(str(data.train.root / data.train.names[number]))
        buffer = spdl.io.convert_frames(spdl.io.decode_packets(packets, filter_desc=cut))
        return spdl.io.to_numpy(buffer), number

    def epoch() -> Iterator[tuple[Tensor, Tensor]]:
        order = torch.randperm(len(data.train), generator=generators()[0]).tolist()
        made = PipelineBuilder().add_source(order).pipe(square, concurrency=workers).aggregate(BATCH).add_sink(4)
        pipeline = made.build(num_threads=workers)
        with pipeline.auto_stop():
            for rows in pipeline:
                squares = torch.from_numpy(np.stack([pixels for pixels, _ in rows]))
                labels = data.train.labels[[number for _, number in rows]]
                yield normalise(squares.to(device), MEAN, STD), labels.to(device)

    return epoch
