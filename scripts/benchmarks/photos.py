"""Generated JPEG files of a photograph's size and statistics, since no photographs can be shipped."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from PIL import Image

SHAPES = ((375, 500), (375, 500), (333, 500), (500, 375))  # height, width: ImageNet's commonest
QUALITY = 90  # gives about ImageNet's mean of 110 kB a file
CLASSES = 10


def write_photos(folder: Path, n: int) -> int:
    """Write n images to `folder`/{train,val}/<class>/, all but CLASSES of them to train; returns their mean size in
    bytes."""
    draws, sizes = np.random.default_rng(0), []
    for number in range(n):
        split = "val" if number < CLASSES else "train"
        path = folder / split / f"n{number % CLASSES:02d}" / f"{number:05d}.JPEG"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(photo(draws, *SHAPES[number % len(SHAPES)])).save(path, quality=QUALITY)
        sizes.append(os.path.getsize(path))
    return int(np.mean(sizes))


def photo(draws: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Noise whose amplitude falls with frequency as in photographs (1/f), mostly grey: uint8 (height, width, 3)."""
    rows, columns = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None]
    frequency = np.hypot(rows, columns)
    frequency[0, 0] = 1
    noise = np.fft.irfft2(np.fft.rfft2(draws.standard_normal((3, height, width))) / frequency, s=(height, width))
    noise = noise.mean(0) + 0.3 * noise
    scaled = 120 + 55 * (noise - noise.mean()) / noise.std()
    return np.clip(scaled, 0, 255).astype(np.uint8).transpose(1, 2, 0)
