"""Copy finished runs on real data from the live store to results/archive:  python -m scripts.archive

One record for each cell, seed and fingerprint: an archived record of another fingerprint is set aside beside it. Runs
on the embedded stand-in data (quick scale) are no evidence and stay where they are.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from experiments.cli import guarded
from experiments.compose import compose
from experiments.identity import fingerprint
from experiments.record import Record, read_record, read_records, write_whole
from experiments.run import set_aside
from experiments.standing import ARCHIVE

FILES = ("config.yaml", "metrics.jsonl", "times.jsonl", "summary.json")
STAND_INS = ("quick",)  # scales that never leave the live store


def main(store: Path, archive: Path = ARCHIVE) -> int:
    copied = [record for record in read_records(store) if worth_keeping(record) and keep(record, store, archive)]
    for record in copied:
        print(f"archived: {record.cell} seed {record.seed} ({record.status}, {record.epochs_done} epochs)")
    print(f"{len(copied)} new records in {archive}")
    return 0


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
    guarded(lambda: main(Path(compose([]).config["store"])))
