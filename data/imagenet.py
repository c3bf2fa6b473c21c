"""ImageNet (ILSVRC2012), and any other images in class folders, decoded as they are needed.

Russakovsky et al., "ImageNet Large Scale Visual Recognition Challenge", IJCV 2015: 1,281,167 training and 50,000
validation images in 1,000 classes, the validation images sorted into class folders too.
"""

from __future__ import annotations

from pathlib import Path

import torch

from data.class_folders import SPLITS, FolderListing, list_class_folders
from data.errors import DataError
from data.from_files import FileData, ImageFiles
from data.image_check import check_listing
from data.images import Images
from data.in_memory import ImageData

REVISION = 1  # raised by hand when a fix changes what is trained on; covers the files that it imports

TRAIN, TEST, CLASSES = 1_281_167, 50_000, 1000  # images of the two splits, classes

MEAN = (0.485, 0.456, 0.406)  # the customary constants, the official script's too
STD = (0.229, 0.224, 0.225)


def imagenet(
    root: str | Path,
    pixels: int = 224,
    classes: int | None = CLASSES,
    on_bad_image: str = "fail",
    workers: int | None = None,
) -> FileData:
    """Images of `root`/train/<class>/* and `root`/val/<class>/*, the validation images as test split.

    Args:
        root: the folder.
        pixels: side of the squares that are cut out.
        classes: how many there have to be; None: whatever is there.
        on_bad_image: "fail" or "skip", for files that cannot be read.
        workers: threads that decode; 0: the caller's; None: as many as torch computes with.

    Raises:
        DataError: no such folders, another number of classes, classes that are empty or in one split only, and
            unreadable files unless they are skipped.
    """
    listing = list_class_folders(Path(root).expanduser(), "ImageNet")
    if classes is not None and len(listing.classes) != classes and not listing.faults:
        raise DataError(
            f"{listing.root.absolute()} has {len(listing.classes):,} classes, ImageNet {classes:,}; for another set of"
            " images give data.classes=null"
        )
    return load_listing("imagenet", listing, pixels, on_bad_image, workers, flip=True)


def stand_in(pixels: int, n: int) -> ImageData:
    """n images of noise with ImageNet's classes: what a training step costs can be timed without the data."""
    noise = torch.randint(0, 256, (n, pixels, pixels, 3), dtype=torch.uint8)
    images = Images(noise, torch.arange(n) % CLASSES)
    return ImageData("imagenet", CLASSES, images, images, MEAN, STD, flip=True, content="")


def load_listing(
    name: str, listing: FolderListing, pixels: int, on_bad_image: str, workers: int | None, flip: bool
) -> FileData:
    """Check a listing's files, and make a data set of those that are kept. Raises DataError as `imagenet` does."""
    for what, value, least in (("pixels", pixels, 1), ("workers", workers, 0)):
        if value is not None and (not isinstance(value, int) or value < least):
            raise DataError(f"{what} must be a whole number from {least} on, got {value!r}")
    report, kept = check_listing(listing, on_bad_image)
    train, test = (image_files_of(kept, split) for split in SPLITS)
    skipped = {"skipped": len(report.unreadable)} if report.unreadable else {}
    return FileData(
        name, len(kept.classes), train, test, pixels, MEAN, STD, flip, report.content,
        used={"train": len(train), "test": len(test), **skipped}, workers=workers,
    )  # fmt: skip


def image_files_of(listing: FolderListing, split: str) -> ImageFiles:
    entries = listing.splits[split]
    labels = torch.tensor([number for _, number in entries], dtype=torch.int64)
    return ImageFiles(listing.root, [name for name, _ in entries], labels)
