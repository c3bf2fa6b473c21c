"""What a run's own numbers may be: refused before anything is computed or written."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Any

from experiments.config.errors import UserError

WHOLE = {
    "seed": 0,
    "epochs": 1,
    "stop_after": 1,
    "threads": 1,
    "jobs": 1,
    "retries": 0,
    "batches_per_epoch": 1,
}  # each from this number on
NUMBERS = ("max_seconds", "checkpoint_seconds")  # zero or more
OPTIONAL = ("stop_after", "threads", "max_seconds", "batches_per_epoch")  # null too


def check_numbers(values: Mapping[str, Any]) -> None:
    """Raises UserError, in a sentence, for the first of `values` that its key cannot have."""
    for key, value in values.items():
        if value is None and key in OPTIONAL:
            continue
        whole = isinstance(value, int) and not isinstance(value, bool)
        if key in WHOLE and not (whole and value >= WHOLE[key]):
            raise UserError(f"{key} must be a whole number, {WHOLE[key]} or more, got {value!r}")
        if key in NUMBERS and not ((whole or isinstance(value, float)) and 0 <= value < inf):
            raise UserError(f"{key} must be a number of seconds, 0 or more, got {value!r}")
