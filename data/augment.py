"""Crop, flip and normalise whole batches on the device where the images lie, without worker processes.

The official CIFAR transform is: zero padding of 4, a random 32x32 crop, a horizontal flip with probability
0.5, scaling to [0, 1], normalisation; so padding is black *before* normalisation. Here the padding is done
once for the whole set, and a batch is one gather of pixel triples and one pass over rows: at 32 px a batch of
128 takes about 0.8 ms on one CPU core.
"""

from __future__ import annotations

from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor


def pad_images(pixels: Tensor, margin: int) -> Tensor:
    """Images uint8 (n, height, width, 3) with a black border of `margin` pixels on each side."""
    return F.pad(pixels, (0, 0, margin, margin, margin, margin))


def draw_crops_and_flips(n: int, margin: int, flip: bool, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Random crops and flips for n images that were padded by `margin` pixels, drawn on the CPU.

    Returns:
        offsets int64 (n, 2): row and column of each crop's corner, each uniform in 0..2*margin;
        flips bool (n,): true with probability 0.5, all false (and nothing drawn) where `flip` is false.
    """
    offsets = torch.randint(0, 2 * margin + 1, (n, 2), generator=generator)
    if not flip:
        return offsets, torch.zeros(n, dtype=torch.bool)
    return offsets, torch.rand(n, generator=generator) < 0.5


def crop_and_flip(padded: Tensor, index: Tensor, offsets: Tensor, flips: Tensor, size: int) -> Tensor:
    """Cut one crop out of each chosen image, mirrored where asked.

    Args:
        padded: uint8 (n, height, width, 3), contiguous.
        index: int64 (batch,), which images.
        offsets: int64 (batch, 2), row and column of the crop's corner inside the padded image, at most
            height - size and width - size.
        flips: bool (batch,), whether the crop is mirrored left to right.
        size: side of the crop in pixels.

    Returns:
        uint8 (batch, size, size, 3) on the device of `padded`; the other tensors are copied there if need be.
    """
    height, width, device = padded.shape[1], padded.shape[2], padded.device
    index, offsets, flips = (t.to(device, non_blocking=True) for t in (index, offsets, flips))
    positions = torch.arange(size, device=device)
    rows = offsets[:, :1] + positions  # (batch, size)
    columns = offsets[:, 1:] + torch.where(flips[:, None], size - 1 - positions, positions)  # (batch, size)
    triples = ((index[:, None] * height + rows) * width)[:, :, None] + columns[:, None, :]
    return padded.view(-1, 3).index_select(0, triples.view(-1)).view(-1, size, size, 3)


def normalise(pixels: Tensor, mean: tuple[float, ...], std: tuple[float, ...]) -> Tensor:
    """(pixels / 255 - mean) / std per channel in float32, bit for bit torchvision's ToTensor and Normalize.

    Args:
        pixels: uint8 (batch, height, width, 3), contiguous.
        mean, std: one value a channel, in units of [0, 1].

    Returns:
        float32 (batch, 3, height, width) in channels-last memory, on the device of `pixels`.
    """
    batch, height, width, channels = pixels.shape
    # Whole image rows, because an inner loop over three channels cannot be vectorised.
    means, stds = row_constants(tuple(mean), tuple(std), width, pixels.device)
    scaled = pixels.view(batch * height, width * channels).to(torch.float32)
    # a tensor, because CUDA multiplies by the reciprocal of a Python number, which rounds differently
    scaled.div_(torch.full((), 255.0, device=pixels.device)).sub_(means).div_(stds)
    return scaled.view(batch, height, width, channels).permute(0, 3, 1, 2)


@lru_cache(maxsize=32)
def row_constants(
    mean: tuple[float, ...], std: tuple[float, ...], width: int, device: torch.device
) -> tuple[Tensor, Tensor]:
    """mean and std as float32 (width * 3,), one image row; kept, so that a batch copies nothing over."""
    means, stds = (torch.tensor(values, dtype=torch.float32).repeat(width) for values in (mean, std))
    return means.to(device), stds.to(device)
