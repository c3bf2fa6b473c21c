"""Image files sorted into one folder per class and split, as torchvision's ImageFolder wants them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from torchvision.datasets.folder import IMG_EXTENSIONS

from data.images import DataError

SPLITS = ("train", "val")
Entry = tuple[str, int]  # an image's name below the root, and its class's number


@dataclass(frozen=True)
class Listing:
    """What lies below a folder.

    Attributes:
        root: the folder.
        classes: their names, sorted; a class's number is its place.
        splits: for "train" and "val", each image's name below `root` and its class's number, by class and then by name.
        others: names of files that are no images by their ending; ImageFolder passes over them in silence.
        faults: what makes the folder unusable, one phrase each.
    """

    root: Path
    classes: tuple[str, ...]
    splits: dict[str, list[Entry]]
    others: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def list_folders(root: Path, what: str) -> Listing:
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
    found = {split: folders_of(root / split) for split in SPLITS}
    classes = tuple(sorted(set().union(*found.values())))
    faults = [f"{s} has no class folders: sort its files into one folder per class" for s in SPLITS if not found[s]]
    faults += [
        f"class {name} is only in {split}"
        for split, other in zip(SPLITS, reversed(SPLITS))
        for name in sorted(found[split] - found[other])
        if found[other]
    ]
    listing = Listing(root, classes, {split: [] for split in SPLITS}, [], faults)
    for split in SPLITS:
        for number, name in enumerate(classes):
            images, others = files_of(root, Path(split, name))
            listing.splits[split] += [(image, number) for image in images]
            listing.others.extend(others)
            if name in found[split] and not images:
                listing.faults.append(f"class {name} has no image in {split}")
    return listing


def folders_of(folder: Path) -> set[str]:
    return {entry.name for entry in os.scandir(folder) if entry.is_dir()}


def files_of(root: Path, folder: Path) -> tuple[list[str], list[str]]:
    """Images and other files anywhere below a folder, in ImageFolder's order."""
    images: list[str] = []
    others: list[str] = []
    for place, _, names in sorted(os.walk(root / folder, followlinks=True)):
        for name in sorted(names):
            path = os.path.relpath(os.path.join(place, name), root)
            (images if name.lower().endswith(IMG_EXTENSIONS) else others).append(path)
    return images, others


def some(names: Sequence[str], most: int = 10) -> str:
    """The first names, and how many more there are."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
