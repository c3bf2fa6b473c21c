"""The official files of CIFAR-10 and CIFAR-100: two layouts of each, which files they consist of, and their md5s."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from data.errors import DataError


@dataclass(frozen=True)
class CifarFile:
    """One official file: its name, how many images it holds, its md5."""

    name: str
    n_images: int
    md5: str


@dataclass(frozen=True)
class CifarLayout:
    """One way the official archives lay the images out: a folder, its training and test files in order."""

    folder: str
    train: tuple[CifarFile, ...]
    test: tuple[CifarFile, ...]


@dataclass(frozen=True)
class CifarSpec:
    """A CIFAR data set.

    Attributes:
        name: as in the configuration.
        label_counts: number of values of each label byte in a binary record; the last one is the class.
        label_key: where a Python batch keeps the class.
        binary, python: the two layouts; binary is looked for first.
        torchvision_class: name of torchvision's data set class, whose address and checksum the download uses.
    """

    name: str
    label_counts: tuple[int, ...]
    label_key: str
    binary: CifarLayout
    python: CifarLayout
    torchvision_class: str


# The md5s of the binary files are those of the files inside the official archives, the Python ones are as
# torchvision lists them.
CIFAR10 = CifarSpec(
    name="cifar10",
    label_counts=(10,),
    label_key="labels",
    binary=CifarLayout(
        folder="cifar-10-batches-bin",
        train=(
            CifarFile("data_batch_1.bin", 10_000, "5dd7e06a14cb22eb9f671a540d1b7c25"),
            CifarFile("data_batch_2.bin", 10_000, "5ea93a67294ea407fff1d09f752e9692"),
            CifarFile("data_batch_3.bin", 10_000, "942cd6a4bcdd0dd3c604fbe906cb4421"),
            CifarFile("data_batch_4.bin", 10_000, "ae636b3ba5c66a11e91e8cb52e771fcb"),
            CifarFile("data_batch_5.bin", 10_000, "53f37980c15c3d472c316c40844f3f0d"),
        ),
        test=(CifarFile("test_batch.bin", 10_000, "803d5f7f4d78ea53de84dbe85f74fb6d"),),
    ),
    python=CifarLayout(
        folder="cifar-10-batches-py",
        train=(
            CifarFile("data_batch_1", 10_000, "c99cafc152244af753f735de768cd75f"),
            CifarFile("data_batch_2", 10_000, "d4bba439e000b95fd0a9bffe97cbabec"),
            CifarFile("data_batch_3", 10_000, "54ebc095f3ab1f0389bbae665268c751"),
            CifarFile("data_batch_4", 10_000, "634d18415352ddfa80567beed471001a"),
            CifarFile("data_batch_5", 10_000, "482c414d41f54cd18b22e5b47cb7c3cb"),
        ),
        test=(CifarFile("test_batch", 10_000, "40351d587109b95175f43aff81a1287e"),),
    ),
    torchvision_class="CIFAR10",
)
CIFAR100 = CifarSpec(
    name="cifar100",
    label_counts=(20, 100),  # coarse, fine
    label_key="fine_labels",
    binary=CifarLayout(
        folder="cifar-100-binary",
        train=(CifarFile("train.bin", 50_000, "6172c7755cfe09b2fe270c85cebc1b15"),),
        test=(CifarFile("test.bin", 10_000, "4499cfba6c016c1be1438163640a0898"),),
    ),
    python=CifarLayout(
        folder="cifar-100-python",
        train=(CifarFile("train", 50_000, "16019d7e3df5f24257cddd939b257f8d"),),
        test=(CifarFile("test", 10_000, "f0ef6b0ae62326f3e7ffdfab6717acfc"),),
    ),
    torchvision_class="CIFAR100",
)


def find_layout(spec: CifarSpec, root: Path) -> CifarLayout | None:
    """The first layout whose files are all below `root`, None where neither folder is there.

    Raises:
        DataError: a folder is there, but files in it are missing, and the other layout is not complete either.
    """
    incomplete = ""
    for layout in (spec.binary, spec.python):
        folder = root / layout.folder
        missing = [file.name for file in layout.train + layout.test if not (folder / file.name).is_file()]
        if not missing:
            return layout
        if folder.is_dir() and not incomplete:
            incomplete = f"{folder} lacks {', '.join(missing)}: add what is missing or move the folder away"
    if incomplete:
        raise DataError(incomplete)
    return None
