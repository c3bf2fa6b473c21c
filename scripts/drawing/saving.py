"""How a figure is written: as png and pdf, the same bytes from the same numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from matplotlib import pyplot as plt
from matplotlib.figure import Figure

METADATA: dict[str, dict[str, Any]] = {"png": {"Software": None}, "pdf": {"CreationDate": None}}


def save(canvas: Figure, folder: Path, name: str) -> list[Path]:
    """Write and close a figure; returns the paths of its png and pdf."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}.{kind}" for kind in METADATA]
    for path in paths:
        canvas.savefig(path, dpi=110, metadata=METADATA[path.suffix[1:]])
    plt.close(canvas)
    return paths
