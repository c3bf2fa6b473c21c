"""CIFAR-10 and CIFAR-100 whole in memory, from either official file layout, checked before use.

Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009; 50,000 training and 10,000 test
images of 32x32. The binary layout is preferred: reading it runs no code. The Python one is pickled, so a
Python file is opened only if its md5 is the official one.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import torch
from torch import Tensor

from data.cifar_download import fetch_python_layout
from data.cifar_files import CifarSplit, read_split
from data.cifar_layouts import CIFAR10, CIFAR100, CifarSpec, find_layout
from data.images import Images, content_hash, enlarge_bilinear, shrink_by_area
from data.in_memory import ImageData

REVISION = 1  # raised by hand when a fix changes what is trained on; covers data/cifar_files.py and data/images.py too

CONTENT = {  # `content_hash` of the official images as decoded, at 32x32
    "cifar10": "b7d593c4d8cf1260dce77e8332de59a8bcc39684afdfd329a4a5a59a6e555452",
    "cifar100": "bf7e3bf0060884123ceb697998cf8e8f294bc2de18405d8d23dcbfe02a0d9322",
}

# The customary CIFAR-10 constants (the std is an average over images, not over pixels); the paper's code uses
# them for CIFAR-10 and the public CIFAR-100 rerun kept them.
MEAN = (0.4914, 0.4822, 0.4465)
STD = (0.2023, 0.1994, 0.2010)


def cifar10(root: str | Path, pixels: int = 32, download: bool = True) -> ImageData:
    """CIFAR-10 from below `root`; arguments, result and errors as in `load_cifar`."""
    return load_cifar(CIFAR10, root, pixels, download)


def cifar100(root: str | Path, pixels: int = 32, download: bool = True) -> ImageData:
    """CIFAR-100 with its 100 fine labels from below `root`; arguments, result and errors as in `load_cifar`."""
    return load_cifar(CIFAR100, root, pixels, download)


def load_cifar(spec: CifarSpec, root: str | Path, pixels: int = 32, download: bool = True) -> ImageData:
    """Read a CIFAR data set, in the official order.

    Args:
        spec: which one.
        root: the folder that holds one of the official folders (`cifar-10-batches-bin`, ...).
        pixels: side of the images; 32 as they are, a divisor of 32 by area averaging, more by bilinear enlargement.
        download: fetch the Python layout with torchvision if neither is there.

    Returns:
        50,000 training and 10,000 test images, uint8 (n, pixels, pixels, 3).

    Raises:
        DataError: absent and not to be had, incomplete, damaged, an unofficial pickle, or an unfit `pixels`.

    Warns:
        UserWarning: the binary files are well formed but not the official ones.
    """
    resize_images(torch.empty((0, 32, 32, 3), dtype=torch.uint8), pixels)  # an unfit size fails before any reading
    root = Path(root).expanduser()
    layout = find_layout(spec, root)
    if layout is None:
        fetch_python_layout(spec, root, download)
        layout = spec.python
    train = read_split(spec, layout, root, layout.train)
    test = read_split(spec, layout, root, layout.test)
    if unofficial := train.unofficial + test.unofficial:
        where = f"{', '.join(unofficial)} in {root / layout.folder}"
        what = f"well formed but not the official {spec.name} (md5 differs)"
        warnings.warn(f"{where}: {what}, so results do not compare with published ones", stacklevel=3)
    return ImageData(
        name=spec.name,
        classes=spec.label_counts[-1],
        train=images_of_split(train, pixels),
        test=images_of_split(test, pixels),
        mean=MEAN,
        std=STD,
        flip=True,
        content=content_hash(train.images, train.labels, test.images, test.labels),
        files=train.sha256 | test.sha256,
    )


def images_of_split(split: CifarSplit, pixels: int) -> Images:
    return Images(resize_images(torch.from_numpy(split.images), pixels), torch.from_numpy(split.labels))


def resize_images(images: Tensor, pixels: int) -> Tensor:
    """Images (n, 32, 32, 3) uint8 at `pixels` a side. Raises DataError for a size below 32 that does not divide it."""
    return shrink_by_area(images, pixels) if pixels <= images.shape[1] else enlarge_bilinear(images, pixels)
