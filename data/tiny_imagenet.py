"""A part of Tiny ImageNet: real JPEGs of 64 pixels, few enough for two cores.

Tiny ImageNet (Stanford CS231n, 2015) has 200 of ImageNet's classes. Here every tenth of them in sorted order, from the
first: 20 classes, their training images 0 to 199 and all of their 50 validation images; 4,000 and 1,000 files.
"""

from __future__ import annotations

from pathlib import Path

from data.class_folders import Listing, list_folders
from data.files import FileData
from data.imagenet import from_listing
from data.images import DataError

REVISION = 1  # raised by hand when a fix changes what is trained on; covers the files that data/imagenet.py imports

CONTENT = {"tiny_imagenet": "6936006ed4785b4f8bb93371becd916d3df9ec7cb10094bb432df6bad79b7943"}
OFFICIAL = "tiny-imagenet-200"  # the folder in the public archive
EVERY, TRAIN = 10, 200


def tiny_imagenet(
    root: str | Path, pixels: int = 64, on_bad_image: str = "fail", workers: int | None = None
) -> FileData:
    """The subset, from `root`/tiny-imagenet/{train,val}/<class>/*, or chosen from the unpacked public archive,
    `root`/tiny-imagenet-200. Arguments and errors as in `data.imagenet.imagenet`."""
    root = Path(root).expanduser()
    if not (root / "tiny-imagenet").is_dir() and (root / OFFICIAL).is_dir():
        return from_listing("tiny_imagenet", subset(root / OFFICIAL), pixels, on_bad_image, workers, flip=True)
    try:
        listing = list_folders(root / "tiny-imagenet", "Tiny ImageNet")
    except DataError as error:
        raise DataError(f"{error}; or unpack the public archive to {(root / OFFICIAL).absolute()}") from error
    return from_listing("tiny_imagenet", listing, pixels, on_bad_image, workers, flip=True)


def subset(root: Path) -> Listing:
    """The subset's files in the layout of the public archive: train/<class>/images/*, val/images/* and the validation
    images' classes in val/val_annotations.txt.

    Raises:
        DataError: a part of it is not there.
    """
    try:
        classes = sorted(entry.name for entry in (root / "train").iterdir() if entry.is_dir())[::EVERY]
        lines = (root / "val" / "val_annotations.txt").read_text().splitlines()
    except OSError as error:
        raise DataError(f"{root.absolute()} is not the unpacked public archive: {error}") from error
    number = {name: n for n, name in enumerate(classes)}
    train = [(f"train/{c}/images/{c}_{i}.JPEG", n) for c, n in number.items() for i in range(TRAIN)]
    named = [line.split("\t")[:2] for line in lines]
    val = [(f"val/images/{image}", number[c]) for image, c in named if c in number]
    splits = {
        "train": sorted(train, key=lambda entry: (entry[1], entry[0])),
        "val": sorted(val, key=lambda entry: (entry[1], entry[0])),
    }
    return Listing(root, tuple(classes), splits)
