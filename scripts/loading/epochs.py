"""What was measured after each epoch, as a frame: one row per run and epoch, the metrics as columns."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from experiments.store.run_files import METRICS
from scripts.loading.content_cache import content_key, recall, remember

Columns = dict[str, np.ndarray]
FORM = "epochs 1"  # raised when `packed` changes


def read_epochs(runs: pd.DataFrame) -> pd.DataFrame:
    """The epochs of a `runs` frame's rows: `run` (the row's label there), `seed`, `epoch` and a column for each metric,
    nan where a run did not measure it."""
    found = read_columns([Path(folder) for folder in runs["folder"]])
    lengths = [len(columns.get("epoch", ())) for columns in found]
    names = dict.fromkeys(["epoch", *(name for columns in found for name in columns)])
    whole = {
        name: np.concatenate([np.empty(0), *(part.get(name, np.full(n, np.nan)) for part, n in zip(found, lengths))])
        for name in names
    }
    places = {"run": np.repeat(runs.index.to_numpy(), lengths), "seed": np.repeat(runs["seed"].to_numpy(), lengths)}
    return pd.DataFrame({**places, **whole, "epoch": whole["epoch"].astype("int64")})


def read_columns(folders: Sequence[Path]) -> list[Columns]:
    """For each run's folder its metrics by name, a value an epoch; what has been read before is not parsed again."""
    texts = [metrics_text(folder) for folder in folders]
    keys = [content_key(FORM, text) for text in texts]
    known, new = recall(keys), {}
    columns = []
    for key, text in zip(keys, texts):
        if key in known:
            columns.append(unpacked(known[key]))
        else:
            columns.append(parse_metrics(text))
            new[key] = packed(columns[-1])
    remember(new)
    return columns


def metrics_text(folder: Path) -> bytes:
    """The content of a run's metrics; empty where it has none yet."""
    try:
        return (folder / METRICS).read_bytes()
    except FileNotFoundError:
        return b""


def parse_metrics(text: bytes) -> Columns:
    """The columns of a jsonl text of numbers; a last line cut off by a kill is left out."""
    whole = text[: text.rfind(b"\n") + 1]
    lines = json.loads(b"[" + b",".join(line for line in whole.splitlines() if line) + b"]")
    names = list(dict.fromkeys(name for line in lines for name in line))
    return {name: np.array([line.get(name) for line in lines], dtype=float) for name in names}


def packed(columns: Columns) -> bytes:
    """Columns as bytes: their names as a line of JSON, then their numbers."""
    return json.dumps(list(columns)).encode() + b"\n" + b"".join(column.tobytes() for column in columns.values())


def unpacked(content: bytes) -> Columns:
    """What `packed` made bytes of."""
    head, _, numbers = content.partition(b"\n")
    names = json.loads(head)
    return dict(zip(names, np.frombuffer(numbers).reshape(len(names), -1))) if names else {}
