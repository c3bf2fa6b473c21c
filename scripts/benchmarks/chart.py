"""The timings as bars: multiples of torch's fused Adam."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import pandas as pd
from matplotlib import pyplot as plt

from scripts.benchmarks.contestants import REFERENCE

OURS, OTHERS = "#1f5a94", "#b8b8b8"


def draw(table: pd.DataFrame, sets: Sequence[str], subtitle: str, path: Path) -> None:
    """One panel for each set of tensors."""
    figure, axes = plt.subplots(1, len(sets), figsize=(4.6 * len(sets) + 1.4, 4.4), layout="constrained", squeeze=False)
    for ax, name in zip(axes[0], sets):
        rows = table[table["set"] == name].sort_values("ratio", ascending=False)
        spread = [rows["ratio"] - rows["low"], rows["high"] - rows["ratio"]]
        colours = [OURS if own else OTHERS for own in rows["ours"]]
        ax.barh(rows["contestant"], rows["ratio"], xerr=spread, color=colours, error_kw={"lw": 0.8})
        for y, value in enumerate(rows["ratio"]):
            ax.annotate(f"{value:.2f}", (value, y), (14, 0), textcoords="offset points", va="center", fontsize=8)
        ax.axvline(1.0, color="black", lw=0.8, ls=(0, (4, 2)))
        ax.set(title=name, xlabel=f"time of a step / that of {REFERENCE}", xlim=(0, rows["high"].max() * 1.2))
        ax.tick_params(axis="y", labelsize=8)
        ax.spines[["top", "right"]].set_visible(False)
    figure.suptitle(subtitle, fontsize=8, x=0.01, ha="left")
    figure.savefig(path, dpi=150, metadata={"Software": None})
    plt.close(figure)
