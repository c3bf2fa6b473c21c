"""What makes two runs the same: the values of the configuration that change the mathematics, and their hash."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

# How, where and how long a run is executed, who seeded it, and texts. A key that is null does not count either, so an
# option added later, off by default, leaves old records valid.
UNCOUNTED = frozenset({
    "seed", "stop_after", "max_seconds", "device", "threads", "compile", "checkpoint_seconds", "keep_weights",
    "at_floor", "store", "progress", "logger", "recipe", "scale", "data.root", "data.workers", "data.on_bad_image",
    "optimizer.mode", "optimizer._partial_", "task.logit_sd",
})  # fmt: skip


def identity(config: Mapping[str, Any]) -> dict[str, Any]:
    """The counted values of a resolved configuration, flat: {"optimizer.lr": 0.001, ...}."""
    return {key: value for key, value in flatten(config) if value is not None and counts(key)}


def counts(key: str) -> bool:
    parts = key.split(".")
    return not any(".".join(parts[: n + 1]) in UNCOUNTED for n in range(len(parts)))


def fingerprint(config: Mapping[str, Any]) -> str:
    """Sixteen hexadecimal digits that two configurations share if and only if they compute the same."""
    canonical = json.dumps(identity(config), sort_keys=True)
    return sha256(canonical.encode()).hexdigest()[:16]


def difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """One line that names the first counted key whose value differs, and how many more do; "" if none does."""
    a, b = identity(old), identity(new)
    keys = [key for key in sorted(a.keys() | b.keys()) if a.get(key) != b.get(key)]
    if not keys:
        return ""
    more = f" (and {len(keys) - 1} more)" if len(keys) > 1 else ""
    return f"{keys[0]} was {spelling(a.get(keys[0]))}, is {spelling(b.get(keys[0]))}{more}"


def flatten(config: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """Leaves by dotted key; numbers that are equal are spelt alike (1 and 1.0)."""
    leaves: list[tuple[str, Any]] = []
    for key, value in config.items():
        if isinstance(value, Mapping):
            leaves += flatten(value, f"{prefix}{key}.")
        else:
            leaves.append((f"{prefix}{key}", canonical(value)))
    return leaves


def canonical(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [canonical(v) for v in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def spelling(value: Any) -> str:
    """A canonical value as a person writes it: 3.0 as 3."""
    if isinstance(value, list):
        return "[" + " ".join(map(spelling, value)) + "]"
    if value is None:
        return "null"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
