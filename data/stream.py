"""A text as columns that are read side by side, in batches of varying length."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from torch import Tensor

OFFICIAL_SEED = 141  # of the official generator, whatever the run's seed


class TextBatch(NamedTuple):
    """words and targets (time, batch), int64; the length that was drawn (time, but for a shorter last batch)."""

    words: Tensor
    targets: Tensor
    length: int


class TextBatches:
    """One epoch of training batches in the order of the text: `train` (rows, batch) in pieces of `lengths` rows."""

    def __init__(self, train: Tensor, lengths: list[int]) -> None:
        self.train, self.lengths = train, lengths

    def __len__(self) -> int:
        return len(self.lengths)

    def __iter__(self) -> Iterator[TextBatch]:
        row, rows = 0, len(self.train)
        for length in self.lengths:
            end = min(row + length, rows - 1)
            yield TextBatch(self.train[row:end], self.train[row + 1 : end + 1], length)
            row = end


def split_into_columns(stream: Tensor, batch: int) -> Tensor:
    """A stream of words (tokens,) as `batch` columns of equal length (rows, batch); what is left over is dropped."""
    rows = len(stream) // batch
    return stream[: rows * batch].view(batch, rows).t().contiguous()


def draw_lengths(random: np.random.RandomState, rows: int, mean: int) -> list[int]:
    """Lengths in rows of batches that cover all rows: about `mean`, or (one in twenty) half of it, and at least 5."""
    lengths, row = [], 0
    while row < rows - 2:
        centre = mean if random.random_sample() < 0.95 else mean / 2.0
        lengths.append(max(5, int(random.normal(centre, 5))))
        row += lengths[-1]
    return lengths


def official_lengths(epoch: int, rows: int, mean: int) -> list[int]:
    """What the official generator gives in an epoch (from 0): one for all epochs, which first draws a permutation of
    the rows that nothing uses. Replayed from its start, so that nothing needs to be saved."""
    random = np.random.RandomState(OFFICIAL_SEED)
    for _ in range(epoch + 1):
        random.permutation(rows - 2)
        lengths = draw_lengths(random, rows, mean)
    return lengths
