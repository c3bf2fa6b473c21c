"""Reading CIFAR's official files, binary and pickled, into arrays."""

from __future__ import annotations

import hashlib
import pickle
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data.cifar_layouts import CifarFile, CifarLayout, CifarSpec
from data.errors import DataError

PLANES = 3 * 32 * 32  # bytes of one image: red, green and blue plane, each row by row


@dataclass(frozen=True)
class CifarSplit:
    """The training or the test images as decoded.

    Attributes:
        images: uint8 (n, 32, 32, 3), in the order of the files.
        labels: int64 (n,).
        sha256: of each file read, by its name.
        unofficial: names of the files whose md5 is not the official one.
    """

    images: np.ndarray
    labels: np.ndarray
    sha256: dict[str, str]
    unofficial: list[str]


def read_split(spec: CifarSpec, layout: CifarLayout, root: Path, files: tuple[CifarFile, ...]) -> CifarSplit:
    """Read the files of one split from `root` / `layout.folder`.

    Raises:
        DataError: a file cannot be read, has another size or a label out of range, or is an unofficial pickle.
    """
    total = sum(file.n_images for file in files)
    images, labels = np.empty((total, 32, 32, 3), dtype=np.uint8), np.empty(total, dtype=np.int64)
    sha256: dict[str, str] = {}
    unofficial: list[str] = []
    start = 0
    for file in files:
        path, span = root / layout.folder / file.name, slice(start, start + file.n_images)
        content = read_bytes(path)
        official = hashlib.md5(content).hexdigest() == file.md5
        if layout is spec.python:
            planes, labels[span] = unpickle_planes(path, content, official, file, spec)
        else:
            planes, labels[span] = parse_planes(path, content, file, spec)
        for channel in range(3):  # interleaving plane by plane is twice as fast as one transposed copy
            plane = planes[:, channel * 1024 : (channel + 1) * 1024]
            images[span, ..., channel] = plane.reshape(-1, 32, 32)
        sha256[file.name] = hashlib.sha256(content).hexdigest()
        unofficial += [] if official else [file.name]
        start += file.n_images
    return CifarSplit(images, labels, sha256, unofficial)


def read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error


def parse_planes(path: Path, content: bytes, file: CifarFile, spec: CifarSpec) -> tuple[np.ndarray, np.ndarray]:
    """A binary file as planes uint8 (n, 3072) and classes uint8 (n,). Raises DataError for another size or label."""
    length = len(spec.label_counts) + PLANES
    if len(content) != file.n_images * length:
        expected = f"{file.n_images * length} ({file.n_images} records of {length})"
        raise DataError(f"{path} has {len(content)} bytes, expected {expected}")
    records = np.frombuffer(content, dtype=np.uint8).reshape(file.n_images, length)
    for byte, n_labels in enumerate(spec.label_counts):
        check_labels(path, records[:, byte], n_labels)
    return records[:, len(spec.label_counts) :], records[:, len(spec.label_counts) - 1]


def unpickle_planes(
    path: Path, content: bytes, official: bool, file: CifarFile, spec: CifarSpec
) -> tuple[np.ndarray, np.ndarray]:
    """A Python batch as planes uint8 (n, 3072) and classes int64 (n,); `official` says whether `content` has the
    official md5. Raises DataError, without unpickling, where it has not, and for another shape or label."""
    if not official:
        reason = "a pickle can run any code, so only the official file is opened"
        raise DataError(f"{path} is not the official file, whose md5 is {file.md5}: {reason}")
    with warnings.catch_warnings():  # numpy 2.4.0 to 2.4.4 object to how the files, of 2009, spell their type
        warnings.simplefilter("ignore", np.exceptions.VisibleDeprecationWarning)
        batch = pickle.loads(content, encoding="latin1")
    planes, labels = np.asarray(batch["data"]), np.asarray(batch[spec.label_key], dtype=np.int64)
    if planes.dtype != np.uint8 or planes.shape != (file.n_images, PLANES) or len(labels) != file.n_images:
        found = f"{planes.dtype} {planes.shape} with {len(labels)} labels"
        raise DataError(f"{path} holds {found}, expected uint8 {(file.n_images, PLANES)}")
    check_labels(path, labels, spec.label_counts[-1])
    return planes, labels


def check_labels(path: Path, labels: np.ndarray, n_labels: int) -> None:
    """Raise DataError for the first label that is not from 0 to n_labels - 1."""
    wrong = np.flatnonzero((labels < 0) | (labels >= n_labels))
    if len(wrong):
        first = wrong[0]
        raise DataError(f"{path} has label {labels[first]} in record {first}, expected 0 to {n_labels - 1}")
