"""Where things lie: the configuration beside the code, records and results below the folder that a command runs in."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = ROOT / "configs"
ARCHIVE = Path("results/archive")


def live_store() -> Path:
    """The store that runs are written to, unless a command names another: $STORE, else results/runs."""
    return Path(os.environ.get("STORE", "results/runs"))
