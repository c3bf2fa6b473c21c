"""Where the labels at the ends of lines go, so that none covers another."""

from __future__ import annotations

from collections.abc import Sequence

GAP = 0.052  # least distance of two labels, in panel heights


def spaced(heights: Sequence[float]) -> list[float]:
    """Ascending heights within 0 to 1, moved as little as needed to stand GAP apart: neighbours that touch form a
    block that is centred on the mean of its members' own heights."""
    blocks: list[list[float]] = []
    for height in heights:
        blocks.append([min(max(height, 0.0), 1.0)])
        while len(blocks) > 1 and base(blocks[-1]) < base(blocks[-2]) + GAP * len(blocks[-2]):
            blocks[-2:] = [blocks[-2] + blocks[-1]]
    return [base(block) + GAP * i for block in blocks for i in range(len(block))]


def base(block: list[float]) -> float:
    """The lowest label of a block, kept inside the panel."""
    height = GAP * (len(block) - 1)
    return min(max(sum(block) / len(block) - height / 2, 0.0), 1.0 - height)
