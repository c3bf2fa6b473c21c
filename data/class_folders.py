"""Image files sorted into one folder per class and split, as torchvision's ImageFolder wants them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from data.errors import DataError

SPLITS = ("train", "val")
ENDINGS = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")  # ImageFolder's
LabelledName = tuple[str, int]  # an image's name below the root, and its class's number


@dataclass(frozen=True)
class FolderListing:
    """What lies below a folder.

    Attributes:
        root: the folder.
        classes: their names, sorted; a class's number is its place.
        splits: for "train" and "val", each image's name below `root` and its class's number, by class and then by name.
        other_files: names of files whose ending is not an image's; ImageFolder ignores them without saying so.
        faults: what makes the folder unusable, one phrase each.
    """

    root: Path
    classes: tuple[str, ...]
    splits: dict[str, list[LabelledName]]
    other_files: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def list_class_folders(root: Path, what: str) -> FolderListing:
    """List `root`/train/<class>/* and `root`/val/<class>/*; `what` names the data in messages.

    Raises:
        DataError: one of the two folders is not there.
    """
    missing = [split for split in SPLITS if not (root / split).is_dir()]
    if missing:
        folders = " and ".join(f"{split}/<class>/" for split in SPLITS)
        absent = f"{' and '.join(missing)} is not there; " if root.is_dir() else ""
        raise DataError(
            f"no {what} at {root.absolute()}: {absent}lay its image files under {folders} there, or name another place"
            " with DATA_ROOT"
        )
    class_names = {split: subfolder_names(root / split) for split in SPLITS}
    classes = tuple(sorted(set().union(*class_names.values())))
    faults = [
        f"{s} has no class folders: sort its files into one folder per class" for s in SPLITS if not class_names[s]
    ]
    faults += [
        f"class {name} is only in {split}"
        for split, other in zip(SPLITS, reversed(SPLITS))
        for name in sorted(class_names[split] - class_names[other])
        if class_names[other]
    ]
    listing = FolderListing(root, classes, {split: [] for split in SPLITS}, [], faults)
    for split in SPLITS:
        for number, name in enumerate(classes):
            images, others = files_below(root, Path(split, name))
            listing.splits[split] += [(image, number) for image in images]
            listing.other_files.extend(others)
            if name in class_names[split] and not images:
                listing.faults.append(f"class {name} has no image in {split}")
    return listing


def subfolder_names(folder: Path) -> set[str]:
    """Names of the folders directly below a folder."""
    return {entry.name for entry in os.scandir(folder) if entry.is_dir()}


def files_below(root: Path, folder: Path) -> tuple[list[str], list[str]]:
    """Images and other files anywhere below `root`/`folder`, as names below `root`, in ImageFolder's order."""
    images: list[str] = []
    other_files: list[str] = []
    for directory, _, names in sorted(os.walk(root / folder, followlinks=True)):
        for name in sorted(names):
            path = os.path.relpath(os.path.join(directory, name), root)
            (images if name.lower().endswith(ENDINGS) else other_files).append(path)
    return images, other_files


def shorten_list(names: Sequence[str], n: int = 10) -> str:
    """The first n names, and how many more there are."""
    more = f" and {len(names) - n:,} more" if len(names) > n else ""
    return ", ".join(names[:n]) + more
