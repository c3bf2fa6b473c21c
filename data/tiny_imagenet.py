"""A part of Tiny ImageNet: real JPEGs of 64 pixels, few enough for two cores.

Tiny ImageNet (Stanford CS231n, 2015) has 200 of ImageNet's classes. Here every tenth of them in sorted order, from the
first: 20 classes, their training images 0 to 199 and all of their 50 validation images; 4,000 and 1,000 files.
"""

from __future__ import annotations

from pathlib import Path

from data.class_folders import FolderListing, list_class_folders
from data.errors import DataError
from data.from_files import FileData
from data.imagenet import load_listing

REVISION = 1  # raised by hand when a fix changes what is trained on; covers the files that data/imagenet.py imports

CONTENT = {"tiny_imagenet": "6936006ed4785b4f8bb93371becd916d3df9ec7cb10094bb432df6bad79b7943"}
ARCHIVE_FOLDER = "tiny-imagenet-200"  # the folder in the public archive
EVERY_NTH_CLASS, TRAIN_PER_CLASS = 10, 200


def tiny_imagenet(
    root: str | Path, pixels: int = 64, on_bad_image: str = "fail", workers: int | None = None
) -> FileData:
    """The subset, from `root`/tiny-imagenet/{train,val}/<class>/*, or chosen from the unpacked public archive,
    `root`/tiny-imagenet-200. Arguments and errors as in `data.imagenet.imagenet`."""
    root = Path(root).expanduser()
    if not (root / "tiny-imagenet").is_dir() and (root / ARCHIVE_FOLDER).is_dir():
        return load_listing(
            "tiny_imagenet", list_subset(root / ARCHIVE_FOLDER), pixels, on_bad_image, workers, flip=True
        )
    try:
        listing = list_class_folders(root / "tiny-imagenet", "Tiny ImageNet")
    except DataError as error:
        raise DataError(f"{error}; or unpack the public archive to {(root / ARCHIVE_FOLDER).absolute()}") from error
    return load_listing("tiny_imagenet", listing, pixels, on_bad_image, workers, flip=True)


def list_subset(root: Path) -> FolderListing:
    """The subset's files in the layout of the public archive: train/<class>/images/*, val/images/* and the validation
    images' classes in val/val_annotations.txt.

    Raises:
        DataError: a part of it is not there.
    """
    try:
        classes = sorted(entry.name for entry in (root / "train").iterdir() if entry.is_dir())[::EVERY_NTH_CLASS]
        lines = (root / "val" / "val_annotations.txt").read_text().splitlines()
    except OSError as error:
        raise DataError(f"{root.absolute()} is not the unpacked public archive: {error}") from error
    number = {name: n for n, name in enumerate(classes)}
    train = [(f"train/{c}/images/{c}_{i}.JPEG", n) for c, n in number.items() for i in range(TRAIN_PER_CLASS)]
    named = [line.split("\t")[:2] for line in lines]
    val = [(f"val/images/{image}", number[c]) for image, c in named if c in number]
    splits = {
        "train": sorted(train, key=lambda entry: (entry[1], entry[0])),
        "val": sorted(val, key=lambda entry: (entry[1], entry[0])),
    }
    return FolderListing(root, tuple(classes), splits)
