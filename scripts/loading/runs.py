"""The runs of stores as one frame, a row a run at rest, and which of them speak for a cell."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from experiments.config.cell import Cell
from experiments.config.compose import Request, compose_ahead, expected, overrides_of
from experiments.config.fingerprint import difference
from experiments.config.paths import ARCHIVE, ROOT, live_store
from experiments.config.yaml_files import parse_yaml
from experiments.store.run_files import AT_END, CONFIG, SUMMARY, Record
from scripts.loading import run_rows
from scripts.loading.content_cache import content_key, recall, remember
from scripts.loading.run_rows import CELL, describe_config, describe_run, describe_summary, runs_frame

SEED = "seed="  # what the name of a run's folder begins with
SEED_LINE = re.compile(rb"^seed: \d+\n", re.M)
CONFIG_CODE = ROOT / "experiments" / "config"
# What makes a row of a run's files.
ROW_CODE = (Path(run_rows.__file__), CONFIG_CODE / "fingerprint.py", CONFIG_CODE / "yaml_files.py")


@dataclass(frozen=True)
class SelectedRuns:
    """runs: one row for each cell and seed, in the order of the cells asked for and by seed; stale: rows of another
    configuration than the present one, with the reason in a further column."""

    runs: pd.DataFrame
    stale: pd.DataFrame


NONE = SelectedRuns(runs_frame([]), runs_frame([]).assign(reason=[]))


def stores(archive_only: bool) -> list[Path]:
    """Where runs are looked for: the live store first, unless the archive alone is to speak."""
    return [ARCHIVE] if archive_only else [live_store(), ARCHIVE]


def select_runs(cells: Iterable[Cell], roots: Sequence[Path]) -> SelectedRuns:
    """The runs at rest of `cells` in stores; for each seed the one that is furthest, else the first root's, wins."""
    chosen: dict[tuple[Cell, int], dict[str, Any]] = {}
    stale: list[dict[str, Any]] = []
    cells = list(dict.fromkeys(cells))
    prepare_requests(cells, roots)
    for cell, row in rows_at_rest(cells, roots):
        if reason := stale_reason(cell, row):
            stale.append({**row, "reason": reason})
        elif progress(row) > progress(chosen.get((cell, row["seed"]))):
            chosen[cell, row["seed"]] = row
    place = {cell: number for number, cell in enumerate(cells)}
    rows = [chosen[key] for key in sorted(chosen, key=lambda key: (place[key[0]], key[1]))]
    return SelectedRuns(
        runs_frame(rows) if rows else NONE.runs,
        runs_frame(stale).assign(reason=[row["reason"] for row in stale]) if stale else NONE.stale,
    )


def rows_at_rest(cells: Sequence[Cell], roots: Sequence[Path]) -> list[tuple[Cell, dict[str, Any]]]:
    """The rows of the runs of `cells` that have a summary; what has been read before is not parsed again."""
    found = [(cell, folder, *texts) for cell, folder in run_folders(cells, roots) if (texts := texts_of(folder))]
    code = row_code()
    keys = [content_key("run", code, config, summary) for _, _, config, summary in found]
    known = {key: json.loads(text) for key, text in recall(keys).items()}
    new: dict[bytes, dict[str, Any]] = {}
    rows = []
    for key, (cell, folder, config, summary) in zip(keys, found):
        facts = known.get(key) or new.get(key)
        if facts is None:
            of_config = config_facts(SEED_LINE.sub(b"", config))
            if of_config is None:
                continue
            facts = new[key] = {**of_config, **describe_summary(json.loads(summary))}
        rows.append((cell, row_of(cell, folder, facts)))
    remember({key: json.dumps(facts).encode() for key, facts in new.items()})
    return rows


@lru_cache(maxsize=4096)
def config_facts(config: bytes) -> dict[str, Any] | None:
    """What a row takes from a configuration's text without its seed, which the runs of a cell share; None for a text
    that is no configuration."""
    resolved = parse_yaml(config)
    return describe_config(resolved) if isinstance(resolved, dict) else None


def prepare_requests(cells: Iterable[Cell], roots: Sequence[Path]) -> None:
    """Have the present configurations of those of `cells` that have been run composed, on all cores."""
    begun = [cell for cell in cells if any((root / cell.folder).is_dir() for root in roots)]
    compose_ahead(overrides_of(cell) for cell in begun)


def row_of(cell: Cell, folder: str, facts: dict[str, Any]) -> dict[str, Any]:
    """A whole row: what the run's files say, and its place."""
    place = {name: getattr(cell, name) for name in CELL}
    return {**facts, **place, "seed": int(folder.rpartition(SEED)[2]), "folder": folder}


def frame_of_records(records: Sequence[Record]) -> pd.DataFrame:
    """The `runs` frame of records that were read for themselves, such as a study's."""
    facts = [(r, describe_run(r.config, r.summary)) for r in records if r.summary]
    return runs_frame([{**row_of(r.cell, str(r.folder), found), "seed": r.seed} for r, found in facts])


def run_folders(cells: Sequence[Cell], roots: Sequence[Path]) -> Iterator[tuple[Cell, str]]:
    """The folders of the runs of `cells`; those set aside (`seed=0~...`) are not among them."""
    for cell in cells:
        for root in roots:
            above = str(root / cell.folder)
            try:
                names = sorted(os.listdir(above))
            except (FileNotFoundError, NotADirectoryError):
                continue
            for name in names:
                if name.startswith(SEED) and "~" not in name:
                    yield cell, f"{above}/{name}"


def texts_of(folder: str) -> tuple[bytes, bytes] | None:
    """A run's configuration and summary, or None where it is not at rest."""
    try:
        with open(f"{folder}/{SUMMARY}", "rb") as file:
            summary = file.read()
        with open(f"{folder}/{CONFIG}", "rb") as file:
            return (file.read(), summary) if summary else None
    except (FileNotFoundError, NotADirectoryError):
        return None


def stale_reason(cell: Cell, row: dict[str, Any]) -> str:
    """What the cell stands for now and did not when the run was made, in one line; "" if they are the same."""
    if row["fingerprint"] == present_fingerprint(cell, row["content"]):
        return ""
    now = present_request(cell)
    if now.config["content"] is None:  # nobody can know it in advance
        now = now.with_content(row["content"])
    return difference(parse_yaml(Path(row["folder"], CONFIG).read_bytes()), now.config)


@lru_cache(maxsize=4096)
def present_fingerprint(cell: Cell, content: str) -> str:
    """The fingerprint of a cell as now configured, on data of this content where no content is known in advance."""
    now = present_request(cell)
    return (now.with_content(content) if now.config["content"] is None else now).fingerprint


@lru_cache(maxsize=4096)
def present_request(cell: Cell) -> Request:
    """What a cell stands for in the present configuration; not to be changed."""
    return expected(cell)


def progress(row: dict[str, Any] | None) -> tuple[bool, int]:
    """What of two runs of one seed is compared: at its end, else how many epochs."""
    return (row["status"] in AT_END, row["epochs_done"]) if row else (False, -1)


@lru_cache(maxsize=1)
def row_code() -> bytes:
    """The text of the code that makes a row: another one makes other rows."""
    return b"".join(path.read_bytes() for path in ROW_CODE)
