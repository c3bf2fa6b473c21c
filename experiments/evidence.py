"""Which records speak for a cell: those made with the configuration as it is now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from experiments.cell import Cell
from experiments.compose import expected
from experiments.identity import difference, fingerprint
from experiments.record import Record, read_record


@dataclass
class Evidence:
    """Records at rest by cell, one for each seed in ascending order, and stale ones with the reason."""

    records: dict[Cell, list[Record]] = field(default_factory=dict)
    stale: list[tuple[Record, str]] = field(default_factory=list)


def gather(cells: Iterable[Cell], roots: Sequence[Path]) -> Evidence:
    """Read the records of `cells` from stores; for each seed the first root that has a current one wins."""
    evidence = Evidence()
    for cell in cells:
        found: dict[int, Record] = {}
        for root in roots:
            for path in sorted((root / cell.folder).glob("seed=*")):
                record = None if "~" in path.name else read_record(root, path.relative_to(root))
                if record is None or record.summary is None or record.seed in found:
                    continue
                if fingerprint(record.config) == (now := expected(cell)).fingerprint:
                    found[record.seed] = record
                else:
                    evidence.stale.append((record, difference(record.config, now.config)))
        if found:
            evidence.records[cell] = [found[seed] for seed in sorted(found)]
    return evidence
