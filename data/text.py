"""Text corpora held whole in memory, as one stream of word numbers for each split."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from data.errors import DataError
from data.images import content_hash

END = "<eos>"


@dataclass(frozen=True)
class TextData:
    """A corpus with its three splits.

    Attributes:
        name: as in the configuration ("ptb").
        words: the vocabulary; a word's number is its place.
        train, validation, test: word numbers, int64 (tokens,), an end-of-sentence token after every line.
        content: `content_hash` of the three streams and the vocabulary.
        files: sha256 of each file read, by file name.
    """

    name: str
    words: tuple[str, ...]
    train: Tensor
    validation: Tensor
    test: Tensor
    content: str
    files: dict[str, str] = field(default_factory=dict)


def text_data(name: str, splits: dict[str, str], files: dict[str, str] | None = None) -> TextData:
    """A corpus from the text of its splits "train", "validation" and "test".

    Lines are cut at white space and END is added to each. Words are numbered as they first appear, reading the splits
    in that order.

    Raises:
        DataError: a split without words.
    """
    numbers: dict[str, int] = {}
    streams = {}
    for split, text in splits.items():
        if not text.split():
            raise DataError(f"{name}: the {split} split is empty")
        tokens = [word for line in text.splitlines() for word in (*line.split(), END)]
        streams[split] = np.array([numbers.setdefault(word, len(numbers)) for word in tokens], dtype=np.int64)
    content = content_hash(*streams.values(), np.frombuffer("\n".join(numbers).encode(), dtype=np.uint8))
    tensors = {split: torch.from_numpy(stream) for split, stream in streams.items()}
    return TextData(name, tuple(numbers), **tensors, content=content, files=files or {})


def read_utf8(path: Path) -> str:
    """The text of a UTF-8 file.

    Raises:
        DataError: it cannot be read, or is not UTF-8.
    """
    try:
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 text: byte {error.start} is {error.object[error.start]:#04x}") from error
