"""What makes two runs the same: the values of the configuration that change the mathematics, and their hash.

A stored fingerprint must stay reproducible although classes move and keys get better names. So what is hashed is not
the configuration's present spelling but the one that it had at commit 3412ec2: `HASHED_TARGETS`, `HASHED_KEYS` and
`HASHED_VALUES` say how each present name was spelt then. Whoever renames something that counts adds a line there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

# How, where and how long a run is executed, who seeded it, and texts. A key that is null does not count either, so an
# option added later, off by default, leaves old records valid.
UNCOUNTED = frozenset({
    "seed", "stop_after", "max_seconds", "device", "threads", "compile", "checkpoint_seconds", "keep_weights",
    "at_floor", "store", "progress", "logger", "recipe", "scale", "rate_drops", "data.root", "data.workers",
    "data.on_bad_image", "optimizer.mode", "optimizer._partial_", "task.logit_sd",
})  # fmt: skip

# Present import path -> the one that is hashed.
HASHED_TARGETS = {
    "experiments.tasks.classification.Classification": "experiments.classification.Classification",
    "experiments.tasks.language_model.LanguageModel": "experiments.language_model.LanguageModel",
    "experiments.tasks.gan.GAN": "experiments.gan.GAN",
    "experiments.training.schedules.Step": "experiments.schedule.Drops",
}
HASHED_KEYS = {"closure": "step"}  # present key -> the one that is hashed
HASHED_VALUES = {"closure": {"none": "plain", "after_backward": "again", "only": "only"}}  # by present key


def identity(config: Mapping[str, Any]) -> dict[str, Any]:
    """The counted values of a resolved configuration, flat and as they are hashed: {"optimizer.lr": 0.001, ...}."""
    return dict(hashed_spelling(key, value) for key, value in flatten(config) if value is not None and is_counted(key))


def hashed_spelling(key: str, value: Any) -> tuple[str, Any]:
    """A key and its value under the names that are hashed; those that were never renamed stay as they are."""
    if key.rpartition(".")[2] == "_target_":
        return key, HASHED_TARGETS.get(value, value)
    return HASHED_KEYS.get(key, key), HASHED_VALUES.get(key, {}).get(value, value) if key in HASHED_VALUES else value


def is_counted(key: str) -> bool:
    """Whether the value of a dotted key belongs to a run's identity."""
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
    return f"{keys[0]} was {canonical_text(a.get(keys[0]))}, is {canonical_text(b.get(keys[0]))}{more}"


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
    """A value with every whole number as a float, in lists too."""
    if isinstance(value, (list, tuple)):
        return [canonical(v) for v in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def canonical_text(value: Any) -> str:
    """A canonical value as a person writes it: 3.0 as 3."""
    if isinstance(value, list):
        return "[" + " ".join(map(canonical_text, value)) + "]"
    if value is None:
        return "null"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
