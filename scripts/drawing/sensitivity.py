"""Heat maps of a score over rate and eps, one panel per optimizer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from textwrap import fill

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colors import Normalize

from scripts.drawing.saving import save
from scripts.reading.names import data_name, model_name, optimizer_name
from scripts.reading.sensitivity import Map

CAPTION = "{words} at the chosen epoch, mean over seeds. x: diverged; empty: not run. The colour's range is shared."


def draw_maps(maps: Sequence[Map], folder: Path) -> list[tuple[str, list[Path]]]:
    """One figure per cell and set of further overrides: title and paths of each."""
    families: dict[tuple[object, ...], list[Map]] = {}
    for found in maps:
        c = found.cell
        families.setdefault((c.setting, c.data, c.model, c.protocol, c.scale, found.rest), []).append(found)
    drawn, used = [], Counter[str]()
    for family in families.values():
        c, rest = family[0].cell, family[0].rest
        name = f"sensitivity_{c.data}_{c.model}_{c.protocol}_{c.scale}"
        used[name] += 1
        name += f"_{used[name]}" if used[name] > 1 else ""
        words = f" ({' '.join(rest)})" if rest else ""
        title = (
            f"{model_name(c.model)} on {data_name(c.data)}, {c.protocol} protocol, {c.scale} scale{words}: rate and eps"
        )
        drawn.append((title, draw_family(family, name, title, folder)))
    return drawn


def draw_family(family: Sequence[Map], name: str, title: str, folder: Path) -> list[Path]:
    n = len(family)
    wide = max(len(found.rates) for found in family)
    size = (max(5.0, n * (1.3 + 0.75 * wide) + 0.8), 1.9 + 0.5 * max(len(found.epsilons) for found in family) + 0.6)
    canvas, axes = plt.subplots(1, n, figsize=size, squeeze=False, layout="constrained")
    values = [score for found in family for score in found.scores.values() if score is not None]
    norm = Normalize(min(values), max(values)) if values else Normalize(0, 1)
    meshes = [draw_map(ax, found, norm) for ax, found in zip(axes[0], family)]
    axes[0, 0].set_ylabel("eps")
    canvas.colorbar(meshes[0], ax=axes[0].tolist(), label=f"test {family[0].measure.axis}", shrink=0.9)
    canvas.suptitle(fill(title, int(9 * size[0])), fontsize=12)
    canvas.supxlabel(fill(CAPTION.format(words=family[0].measure.words), int(13 * size[0])), fontsize=9)
    return save(canvas, folder, name)


def draw_map(ax: Axes, found: Map, norm: Normalize) -> QuadMesh:
    rates, epsilons = found.rates, found.epsilons
    grid = [[found.scores.get((lr, eps)) for lr in rates] for eps in epsilons]
    shown = [[float("nan") if score is None else score for score in row] for row in grid]
    colours = "viridis" if found.measure.better == "max" else "viridis_r"
    mesh = ax.pcolormesh(shown, cmap=colours, norm=norm, edgecolors="white", lw=1)
    for i, eps in enumerate(epsilons):
        for j, lr in enumerate(rates):
            if (lr, eps) in found.scores:
                score = grid[i][j]
                dark = score is not None and (norm(score) < 0.6) == (found.measure.better == "max")
                text = "x" if score is None else f"{score:.1f}"
                ax.text(
                    j + 0.5, i + 0.5, text, ha="center", va="center", fontsize=8, color="white" if dark else "black"
                )
    ax.set(xticks=[j + 0.5 for j in range(len(rates))], yticks=[i + 0.5 for i in range(len(epsilons))], xlabel="lr")
    ax.set_xticklabels([f"{lr:g}" for lr in rates])
    ax.set_yticklabels([f"{eps:g}" for eps in epsilons])
    ax.set_title(optimizer_name(",".join(found.cell.optimizer.split(",")[:1])), fontsize=10)
    return mesh
