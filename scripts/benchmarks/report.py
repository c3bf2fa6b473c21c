"""What the benchmarks of parts share: the device that was asked for, and the files that they leave."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

import pandas as pd
import torch

from experiments.config.errors import UserError
from experiments.runs import environment


def prepared(call: argparse.Namespace) -> str:
    """Set `call.threads`; returns what the timings belong to. Raises UserError where there is no such device."""
    if call.device != "cpu" and not torch.cuda.is_available():
        raise UserError(f"device {call.device!r} cannot be used: there is no GPU here")
    torch.set_num_threads(call.threads)
    where = environment.processor() if call.device == "cpu" else torch.cuda.get_device_name()
    return f"{where}; {call.threads} threads; torch {torch.__version__}"


def keep(name: str, call: argparse.Namespace, rows: Sequence[dict[str, Any]], lines: Sequence[str]) -> None:
    """Write `name`.md and `name`.csv (`name`-cuda.* on a GPU) to `call.out`, and print the former."""
    call.out.mkdir(parents=True, exist_ok=True)
    stem = call.out / (name if call.device == "cpu" else f"{name}-cuda")
    pd.DataFrame(rows).to_csv(stem.with_suffix(".csv"), index=False, float_format="%.6g")
    stem.with_suffix(".md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))
