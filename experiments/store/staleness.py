"""Whether a record speaks for its cell as the configuration now stands."""

from __future__ import annotations

from experiments.config.compose import expected
from experiments.config.fingerprint import difference
from experiments.store.run_files import Record


def stale_reason(record: Record) -> str:
    """What a record's cell stands for now and did not when it was made, in one line; "" if they are the same."""
    now = expected(record.cell)
    if now.config["content"] is None:  # nobody can know it in advance
        now = now.with_content(record.config["content"])
    return difference(record.config, now.config)
