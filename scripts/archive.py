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

from experiments.config.cell import Cell
from experiments.config.cli import run_command
from experiments.config.compose import compose
from experiments.config.fingerprint import fingerprint
from experiments.config.paths import ARCHIVE, CONFIGS
from experiments.config.recipes import PROTOCOLS
from experiments.grid.grid import load_grid
from experiments.store.atomic_write import atomic_write
from experiments.store.lock import run_lock
from experiments.store.run_files import Record, read_record, read_records, set_aside
from experiments.store.staleness import stale_reason
from experiments.studies.study import FILE
from experiments.studies.trials import TRIALS, StudyTrials, read_studies, studies_of
from experiments.studies.tuned_recipes import final_requests, read_tuned_recipe, save_tuned_recipe

FILES = ("config.yaml", "metrics.jsonl", "times.jsonl", "summary.json")
STAND_INS = ("quick",)  # scales that never leave the live store


def main(store: Path, archive: Path = ARCHIVE, studies: bool = False) -> int:
    asked = of_grids() | (keep_studies(store, archive) if studies else set())
    found = [r for r in read_records(store) if r.cell in asked and worth_keeping(r)]
    for record in (stale := [r for r in found if stale_reason(r)]):
        print(f"left out, of another configuration: {record.cell} seed {record.seed}: {stale_reason(record)}")
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
        study_trials = StudyTrials(study, [store])
        for name in (FILE, TRIALS):
            atomic_write(studies_of(archive) / study.path / name, (study_trials.folder / name).read_bytes())
        if row := read_tuned_recipe(store, study):
            save_tuned_recipe(archive, study, row)
        requests = [r for values in study_trials.drawn.values() for r in study_trials.requests(values)]
        cells |= {r.cell for r in [*requests, *(r for runs in final_requests(study_trials).values() for r in runs)]}
    return cells


def worth_keeping(record: Record) -> bool:
    at_rest = record.summary is not None and not record.summary.get("unscored")
    return at_rest and record.cell.scale not in STAND_INS


def keep(record: Record, store: Path, archive: Path) -> bool:
    """Copy one record; False where the archive has it already, or has more epochs of it."""
    path = record.folder.relative_to(store)
    with run_lock(store, Path("archive", path), wait=True):  # another `make archive` may be at it
        return copy(record, path, archive)


def copy(record: Record, path: Path, archive: Path) -> bool:
    """Copy a record to `archive/path`, as `keep` says."""
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
        atomic_write(part / name, (record.folder / name).read_bytes())
    shutil.rmtree(archive / path, ignore_errors=True)
    part.rename(archive / path)
    return True


if __name__ == "__main__":
    run_command(lambda: main(Path(compose([]).config["store"]), studies="--studies" in sys.argv[1:]))
