"""Published end values without curves: the paper's Table 2, with who measured each of its numbers, and reruns."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache

from scripts.published.public_record import PAPER


@dataclass(frozen=True)
class Printed:
    """A published top-1 accuracy in percent.

    kind: "table" (the paper's) or "rerun"; n: over how many runs, if that is stated; measured_by, decay, schedule: as
    far as they are known; joins: whether recipe and schedule are those of the paper's own run.
    """

    optimizer: str
    kind: str
    value: float
    n: int | None
    measured_by: str
    decay: str
    schedule: str
    joins: bool
    source: str
    note: str


@lru_cache(maxsize=4)
def load_printed(name: str) -> tuple[Printed, ...]:
    """The rows of results/paper/`name`.csv."""
    with (PAPER / f"{name}.csv").open(newline="") as file:
        return tuple(
            Printed(
                row["optimizer"], row["kind"], float(row["value"]), int(row["n"]) if row["n"] else None,
                row["measured_by"], row["decay"], row["schedule"], row["joins"] == "yes", row["source"], row["note"],
            )
            for row in csv.DictReader(file)
        )  # fmt: skip


def printed_of(rows: tuple[Printed, ...], optimizer: str, kind: str) -> list[Printed]:
    """The numbers of an optimizer, of one kind."""
    return [row for row in rows if row.optimizer == optimizer and row.kind == kind]
