"""CIFAR-10 and CIFAR-100 whole in memory, from either official file layout, checked before use.

Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009; 50,000 training and 10,000 test
images of 32x32. The binary layout is preferred: reading it runs no code. The Python one is pickled, so a
Python file is opened only if its md5 is the official one.
"""

from __future__ import annotations

import hashlib
import http.client
import pickle
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from data.images import DataError, ImageData, Images, content_hash, enlarge, shrink

REVISION = 1  # raised by hand when a fix changes what is trained on

CONTENT = {  # `content_hash` of the official images as decoded, at 32x32
    "cifar10": "b7d593c4d8cf1260dce77e8332de59a8bcc39684afdfd329a4a5a59a6e555452",
    "cifar100": "bf7e3bf0060884123ceb697998cf8e8f294bc2de18405d8d23dcbfe02a0d9322",
}

# The customary CIFAR-10 constants (the std is an average over images, not over pixels); the paper's code uses
# them for CIFAR-10 and the public CIFAR-100 rerun kept them.
MEAN = (0.4914, 0.4822, 0.4465)
STD = (0.2023, 0.1994, 0.2010)

PLANES = 3 * 32 * 32  # bytes of one image: red, green and blue plane, each row by row


@dataclass(frozen=True)
class Batch:
    """One official file: its name, how many images it holds, its md5."""

    name: str
    records: int
    md5: str


@dataclass(frozen=True)
class Layout:
    """One way the official archives lay the images out: a folder, its training and test files in order."""

    folder: str
    train: tuple[Batch, ...]
    test: tuple[Batch, ...]


@dataclass(frozen=True)
class Spec:
    """A CIFAR data set.

    Attributes:
        name: as in the configuration.
        labels: number of values of each label byte in a binary record; the last one is the class.
        label_key: where a Python batch keeps the class.
        binary, python: the two layouts; binary is looked for first.
        source: torchvision's data set class, whose address and checksum the download uses.
    """

    name: str
    labels: tuple[int, ...]
    label_key: str
    binary: Layout
    python: Layout
    source: str


# The md5s of the binary files are those of the files inside the official archives, the Python ones are as
# torchvision lists them.
CIFAR10 = Spec(
    name="cifar10",
    labels=(10,),
    label_key="labels",
    binary=Layout(
        folder="cifar-10-batches-bin",
        train=(
            Batch("data_batch_1.bin", 10_000, "5dd7e06a14cb22eb9f671a540d1b7c25"),
            Batch("data_batch_2.bin", 10_000, "5ea93a67294ea407fff1d09f752e9692"),
            Batch("data_batch_3.bin", 10_000, "942cd6a4bcdd0dd3c604fbe906cb4421"),
            Batch("data_batch_4.bin", 10_000, "ae636b3ba5c66a11e91e8cb52e771fcb"),
            Batch("data_batch_5.bin", 10_000, "53f37980c15c3d472c316c40844f3f0d"),
        ),
        test=(Batch("test_batch.bin", 10_000, "803d5f7f4d78ea53de84dbe85f74fb6d"),),
    ),
    python=Layout(
        folder="cifar-10-batches-py",
        train=(
            Batch("data_batch_1", 10_000, "c99cafc152244af753f735de768cd75f"),
            Batch("data_batch_2", 10_000, "d4bba439e000b95fd0a9bffe97cbabec"),
            Batch("data_batch_3", 10_000, "54ebc095f3ab1f0389bbae665268c751"),
            Batch("data_batch_4", 10_000, "634d18415352ddfa80567beed471001a"),
            Batch("data_batch_5", 10_000, "482c414d41f54cd18b22e5b47cb7c3cb"),
        ),
        test=(Batch("test_batch", 10_000, "40351d587109b95175f43aff81a1287e"),),
    ),
    source="CIFAR10",
)
CIFAR100 = Spec(
    name="cifar100",
    labels=(20, 100),  # coarse, fine
    label_key="fine_labels",
    binary=Layout(
        folder="cifar-100-binary",
        train=(Batch("train.bin", 50_000, "6172c7755cfe09b2fe270c85cebc1b15"),),
        test=(Batch("test.bin", 10_000, "4499cfba6c016c1be1438163640a0898"),),
    ),
    python=Layout(
        folder="cifar-100-python",
        train=(Batch("train", 50_000, "16019d7e3df5f24257cddd939b257f8d"),),
        test=(Batch("test", 10_000, "f0ef6b0ae62326f3e7ffdfab6717acfc"),),
    ),
    source="CIFAR100",
)


def known_content(name: str) -> str:
    """The committed content hash of "cifar10" or "cifar100", so that no data is needed to know it.

    Raises:
        KeyError: another name.
    """
    return CONTENT[name]


def cifar10(root: str | Path, pixels: int = 32, download: bool = True) -> ImageData:
    """CIFAR-10 from below `root`; arguments, result and errors as in `load`."""
    return load(CIFAR10, root, pixels, download)


def cifar100(root: str | Path, pixels: int = 32, download: bool = True) -> ImageData:
    """CIFAR-100 with its 100 fine labels from below `root`; arguments, result and errors as in `load`."""
    return load(CIFAR100, root, pixels, download)


def load(spec: Spec, root: str | Path, pixels: int = 32, download: bool = True) -> ImageData:
    """Read a CIFAR data set, in the official order.

    Args:
        spec: which one.
        root: the folder that holds one of the official folders (`cifar-10-batches-bin`, ...).
        pixels: side of the images; 32 as they are, a divisor of 32 by area averaging, more by bilinear enlargement.
        download: fetch the Python layout with torchvision if neither is there.

    Raises:
        DataError: absent and not to be had, incomplete, damaged, an unofficial pickle, or an unfit `pixels`.

    Warns:
        UserWarning: the binary files are well formed but not the official ones.
    """
    resized(torch.empty((0, 32, 32, 3), dtype=torch.uint8), pixels)  # an unfit size fails before any reading
    root = Path(root).expanduser()
    layout = _find(spec, root)
    if layout is None:
        _fetch(spec, root, download)
        layout = spec.python
    train_images, train_labels, train_files = _decode(spec, layout, root, layout.train)
    test_images, test_labels, test_files = _decode(spec, layout, root, layout.test)
    files = train_files | test_files
    foreign = [name for name, (_, official) in files.items() if not official]
    if foreign:
        where = f"{', '.join(foreign)} in {root / layout.folder}"
        what = f"well formed but not the official {spec.name} (md5 differs)"
        warnings.warn(f"{where}: {what}, so results do not compare with published ones", stacklevel=3)
    return ImageData(
        name=spec.name,
        classes=spec.labels[-1],
        train=_images(train_images, train_labels, pixels),
        test=_images(test_images, test_labels, pixels),
        mean=MEAN,
        std=STD,
        flip=True,
        content=content_hash(train_images, train_labels, test_images, test_labels),
        files={name: sha256 for name, (sha256, _) in files.items()},
    )


def resized(images: torch.Tensor, pixels: int) -> torch.Tensor:
    """Images (n, 32, 32, 3) uint8 at `pixels` a side. Raises DataError for a size below 32 that does not divide it."""
    return shrink(images, pixels) if pixels <= images.shape[1] else enlarge(images, pixels)


def _images(images: np.ndarray, labels: np.ndarray, pixels: int) -> Images:
    return Images(resized(torch.from_numpy(images), pixels), torch.from_numpy(labels))


def _decode(
    spec: Spec, layout: Layout, root: Path, batches: tuple[Batch, ...]
) -> tuple[np.ndarray, np.ndarray, dict[str, tuple[str, bool]]]:
    """The files of one split as uint8 (n, 32, 32, 3), int64 (n,) and, by name, (sha256, official or not)."""
    total = sum(batch.records for batch in batches)
    images, labels = np.empty((total, 32, 32, 3), dtype=np.uint8), np.empty(total, dtype=np.int64)
    files, start = {}, 0
    for batch in batches:
        path, span = root / layout.folder / batch.name, slice(start, start + batch.records)
        content = _read(path)
        official = hashlib.md5(content).hexdigest() == batch.md5
        if layout is spec.python:
            planes, labels[span] = _unpickle(path, content, official, batch, spec)
        else:
            planes, labels[span] = _parse(path, content, batch, spec)
        for channel in range(3):  # interleaving plane by plane is twice as fast as one transposed copy
            plane = planes[:, channel * 1024 : (channel + 1) * 1024]
            images[span, ..., channel] = plane.reshape(-1, 32, 32)
        files[batch.name] = hashlib.sha256(content).hexdigest(), official
        start += batch.records
    return images, labels, files


def _find(spec: Spec, root: Path) -> Layout | None:
    """The first layout whose files are all below `root`, None where neither folder is there."""
    incomplete = ""
    for layout in (spec.binary, spec.python):
        folder = root / layout.folder
        missing = [b.name for b in layout.train + layout.test if not (folder / b.name).is_file()]
        if not missing:
            return layout
        if folder.is_dir() and not incomplete:
            incomplete = f"{folder} lacks {', '.join(missing)}: add what is missing or move the folder away"
    if incomplete:
        raise DataError(incomplete)
    return None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error


def _parse(path: Path, content: bytes, batch: Batch, spec: Spec) -> tuple[np.ndarray, np.ndarray]:
    """A binary file as planes uint8 (records, 3072) and classes uint8 (records,)."""
    length = len(spec.labels) + PLANES
    if len(content) != batch.records * length:
        expected = f"{batch.records * length} ({batch.records} records of {length})"
        raise DataError(f"{path} has {len(content)} bytes, expected {expected}")
    records = np.frombuffer(content, dtype=np.uint8).reshape(batch.records, length)
    for byte, limit in enumerate(spec.labels):
        _check_labels(path, records[:, byte], limit)
    return records[:, len(spec.labels) :], records[:, len(spec.labels) - 1]


def _unpickle(path: Path, content: bytes, official: bool, batch: Batch, spec: Spec) -> tuple[np.ndarray, np.ndarray]:
    """A Python batch as planes uint8 (records, 3072) and classes int64 (records,); `content` was hashed."""
    if not official:
        reason = "a pickle can run any code, so only the official file is opened"
        raise DataError(f"{path} is not the official file, whose md5 is {batch.md5}: {reason}")
    with warnings.catch_warnings():  # numpy 2.4.0 to 2.4.4 object to how the files, of 2009, spell their type
        warnings.simplefilter("ignore", np.exceptions.VisibleDeprecationWarning)
        entry = pickle.loads(content, encoding="latin1")
    planes, labels = np.asarray(entry["data"]), np.asarray(entry[spec.label_key], dtype=np.int64)
    if planes.dtype != np.uint8 or planes.shape != (batch.records, PLANES) or len(labels) != batch.records:
        found = f"{planes.dtype} {planes.shape} with {len(labels)} labels"
        raise DataError(f"{path} holds {found}, expected uint8 {(batch.records, PLANES)}")
    _check_labels(path, labels, spec.labels[-1])
    return planes, labels


def _check_labels(path: Path, labels: np.ndarray, limit: int) -> None:
    wrong = np.flatnonzero((labels < 0) | (labels >= limit))
    if len(wrong):
        first = wrong[0]
        raise DataError(f"{path} has label {labels[first]} in record {first}, expected 0 to {limit - 1}")


def _fetch(spec: Spec, root: Path, download: bool) -> None:
    """Put the Python layout below `root`: whole, its md5s checked, or not at all."""
    names = f"{spec.binary.folder}/ nor {spec.python.folder}/"
    remedy = "put either official folder there, or set DATA_ROOT (or data.root) to the folder that holds it"
    absent = f"{spec.name} is not in {root.absolute()} (neither {names})"
    if not download:
        raise DataError(f"{absent} and downloading is off: {remedy}")
    import torchvision  # slow to import, and only a download needs it

    source = getattr(torchvision.datasets, spec.source)
    created = not root.exists()
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=root, prefix=f".{spec.name}-") as temporary:
            torchvision.datasets.utils.download_and_extract_archive(
                source.url, temporary, filename=source.filename, md5=source.tgz_md5
            )
            folder = Path(temporary) / spec.python.folder
            for batch in spec.python.train + spec.python.test:
                if hashlib.md5((folder / batch.name).read_bytes()).hexdigest() != batch.md5:
                    raise RuntimeError(f"{batch.name} has another md5 than the official one")
            try:
                folder.rename(root / spec.python.folder)
            except OSError:
                if _find(spec, root) is None:  # otherwise another process has put it there meanwhile
                    raise
    except (OSError, RuntimeError, http.client.HTTPException) as error:
        raise DataError(f"{absent} and could not be downloaded ({error}): {remedy}") from error
    finally:
        if created and root.is_dir() and not any(root.iterdir()):
            root.rmdir()
