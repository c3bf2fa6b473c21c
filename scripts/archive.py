"""Copy finished runs on real data from the live store to results/archive:  python -m scripts.archive [--studies]

One record for each cell, seed and fingerprint: an archived record of another fingerprint is set aside beside it. What
stays where it is: runs of another configuration than the present one, runs on the embedded stand-in data (quick scale),
which are no evidence, and runs that belong to no grid (sweeps, tuning studies, trials by hand); --studies keeps the
tuning studies with their runs.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from experiments.cell import Cell
from experiments.cli import guarded
from experiments.compose import compose
from experiments.evidence import changed
from experiments.grid import load_grid
from experiments.identity import fingerprint
from experiments.recipes import CONFIGS, PROTOCOLS
from experiments.record import Record, read_record, read_records, write_whole
from experiments.run import set_aside
from experiments.standing import ARCHIVE
from experiments.tuning.rows import contestants, keep_row, read_row
from experiments.tuning.slots import TRIALS, Slots, read_studies, studies_of
from experiments.tuning.study import FILE

FILES = ("config.yaml", "metrics.jsonl", "times.jsonl", "summary.json")
STAND_INS = ("quick",)  # scales that never leave the live store


def main(store: Path, archive: Path = ARCHIVE, studies: bool = False) -> int:
    asked = of_grids() | (keep_studies(store, archive) if studies else set())
    found = [r for r in read_records(store) if r.cell in asked and worth_keeping(r)]
    for record in (stale := [r for r in found if changed(r)]):
        print(f"left out, of another configuration: {record.cell} seed {record.seed}: {changed(record)}")
    copied = [r for r in found if r not in stale and keep(r, store, archive)]
    for record in copied:
        print(f"archived: {record.cell} seed {record.seed} ({record.status}, {record.epochs_done} epochs)")
    print(f"{len(copied)} new records in {archive}")
    return 0


def of_grids() -> set[Cell]:
    """Every cell of every grid, at every scale, under both protocols."""
    grids = [load_grid(path.stem) for path in sorted((CONFIGS / "grid").glob("*.yaml"))]
    return {c for grid in grids for scale in grid.scales for protocol in PROTOCOLS for c in grid.cells(scale, protocol)}


def keep_studies(store: Path, archive: Path) -> set[Cell]:
    """Copy the descriptions, trials and winners' rows of the studies on real data; returns the cells of their runs."""
    cells: set[Cell] = set()
    for study in read_studies([store]):
        if study.scale in STAND_INS:
            continue
        slots = Slots(study, [store])
        for name in (FILE, TRIALS):
            write_whole(studies_of(archive) / study.path / name, (slots.folder / name).read_bytes())
        if row := read_row(store, study):
            keep_row(archive, study, row)
        requests = [r for values in slots.drawn.values() for r in slots.requests(values)]
        cells |= {r.cell for r in [*requests, *(r for runs in contestants(slots).values() for r in runs)]}
    return cells


def worth_keeping(record: Record) -> bool:
    at_rest = record.summary is not None and not record.summary.get("unscored")
    return at_rest and record.cell.scale not in STAND_INS


def keep(record: Record, store: Path, archive: Path) -> bool:
    """Copy one record; False where the archive has it already, or has more epochs of it."""
    path = record.folder.relative_to(store)
    there = read_record(archive, path)
    if there:
        if fingerprint(there.config) != fingerprint(record.config):
            set_aside(there.folder, fingerprint(there.config))
        elif there.epochs_done >= record.epochs_done:
            return False
    part = archive / path.parent / f".{path.name}.part"  # a name that no reader opens
    shutil.rmtree(part, ignore_errors=True)
    shown = [f"samples/{p.name}" for p in sorted(record.folder.glob("samples/epoch=*.png"))[-1:]]  # the last ones
    for name in (*FILES, *shown):
        write_whole(part / name, (record.folder / name).read_bytes())
    shutil.rmtree(archive / path, ignore_errors=True)
    part.rename(archive / path)
    return True


if __name__ == "__main__":
    guarded(lambda: main(Path(compose([]).config["store"]), studies="--studies" in sys.argv[1:]))
