"""Which records speak for a cell: those made with the configuration as it is now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from experiments.cell import Cell
from experiments.compose import expected
from experiments.identity import difference
from experiments.record import FINAL, Record, read_record


@dataclass
class Evidence:
    """Records at rest by cell, one for each seed in ascending order, and stale ones with the reason."""

    records: dict[Cell, list[Record]] = field(default_factory=dict)
    stale: list[tuple[Record, str]] = field(default_factory=list)


def gather(cells: Iterable[Cell], roots: Sequence[Path]) -> Evidence:
    """Read the records of `cells` from stores; for each seed the one that is furthest, else the first root's, wins."""
    evidence = Evidence()
    for cell in cells:
        found: dict[int, Record] = {}
        for record in at_rest(cell, roots):
            if why := changed(record):
                evidence.stale.append((record, why))
            elif record.seed not in found or furthest(record) > furthest(found[record.seed]):
                found[record.seed] = record
        if found:
            evidence.records[cell] = [found[seed] for seed in sorted(found)]
    return evidence


def changed(record: Record) -> str:
    """What a record's cell stands for now and did not when it was made, in one line; "" if they are the same."""
    now = expected(record.cell)
    if now.config["content"] is None:  # nobody can know it in advance
        now = now.with_content(record.config["content"])
    return difference(record.config, now.config)


def at_rest(cell: Cell, roots: Sequence[Path]) -> Iterator[Record]:
    for root in roots:
        for folder in sorted((root / cell.folder).glob("seed=*")):
            record = None if "~" in folder.name else read_record(root, folder.relative_to(root))
            if record is not None and record.summary is not None:
                yield record


def furthest(record: Record) -> tuple[bool, int]:
    return record.status in FINAL, record.epochs_done
