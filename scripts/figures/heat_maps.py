"""Heat maps of a score over rate and eps, one panel per optimizer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colors import Normalize
from matplotlib.figure import Figure as Canvas

from scripts.figures.canvas import add_caption, new_canvas
from scripts.figures.figure import Figure
from scripts.loading.display import data_name, model_name, optimizer_name
from scripts.loading.sweeps import Map

CAPTION = "{words} at the chosen epoch, mean over seeds. x: diverged; empty: not run. The colour's range is shared."
DARK = 0.6  # share of the colour's range below which a number is written in white


@dataclass(frozen=True)
class ScoreMap:
    """A row of scores for each eps, a column for each rate. None: not run; nan: every run diverged."""

    title: str
    rates: list[float]
    epsilons: list[float]
    scores: list[list[float | None]]


@dataclass
class HeatMaps(Figure):
    """better: "max" or "min"; unit: of the scores, as the colour bar names it."""

    maps: list[ScoreMap]
    better: str
    unit: str

    def draw(self) -> Canvas:
        n, wide, high = len(self.maps), max(len(m.rates) for m in self.maps), max(len(m.epsilons) for m in self.maps)
        canvas = new_canvas(max(5.0, n * (1.3 + 0.75 * wide) + 0.8), 1.9 + 0.5 * high + 0.6, self.title, fontsize=12)
        axes = canvas.subplots(1, n, squeeze=False)
        scores = [score for m in self.maps for row in m.scores for score in row if score is not None and score == score]
        norm = Normalize(min(scores), max(scores)) if scores else Normalize(0, 1)
        meshes = [draw_map(ax, found, norm, self.better) for ax, found in zip(axes[0], self.maps)]
        axes[0, 0].set_ylabel("eps")
        canvas.colorbar(meshes[0], ax=axes[0].tolist(), label=f"test {self.unit}", shrink=0.9)
        add_caption(canvas, self.caption)
        return canvas


def heat_maps(maps: Sequence[Map]) -> list[HeatMaps]:
    """One figure per cell and set of further overrides."""
    families: dict[tuple[object, ...], list[Map]] = {}
    for found in maps:
        c = found.cell
        families.setdefault((c.setting, c.data, c.model, c.protocol, c.scale, found.rest), []).append(found)
    figures, used = [], Counter[str]()
    for family in families.values():
        c, rest, measure = family[0].cell, family[0].rest, family[0].measure
        name = f"sensitivity_{c.data}_{c.model}_{c.protocol}_{c.scale}"
        used[name] += 1
        name += f"_{used[name]}" if used[name] > 1 else ""
        overrides = f" ({' '.join(rest)})" if rest else ""
        cell = f"{model_name(c.model)} on {data_name(c.data)}, {c.protocol} protocol, {c.scale} scale"
        figures.append(
            HeatMaps(
                name, f"{cell}{overrides}: rate and eps", CAPTION.format(words=measure.words),
                [score_map(found) for found in family], measure.better, measure.axis,
            )
        )  # fmt: skip
    return figures


def score_map(found: Map) -> ScoreMap:
    scores: dict[tuple[float, float], float | None] = {
        place: float("nan") if score is None else score for place, score in found.scores.items()
    }
    rows = [[scores.get((lr, eps)) for lr in found.rates] for eps in found.epsilons]
    name = optimizer_name(found.cell.optimizer.partition(",")[0])
    return ScoreMap(name, found.rates, found.epsilons, rows)


def draw_map(ax: Axes, found: ScoreMap, norm: Normalize, better: str) -> QuadMesh:
    shown = [[float("nan") if score is None else score for score in row] for row in found.scores]
    mesh = ax.pcolormesh(
        shown, cmap="viridis" if better == "max" else "viridis_r", norm=norm, edgecolors="white", lw=1
    )  # fmt: skip
    for y, row in enumerate(found.scores):
        for x, score in enumerate(row):
            if score is not None:
                diverged = score != score
                dark = not diverged and (norm(score) < DARK) == (better == "max")
                text = "x" if diverged else f"{score:.1f}"
                colour = "white" if dark else "black"
                ax.text(x + 0.5, y + 0.5, text, ha="center", va="center", fontsize=8, color=colour)
    ax.set_xticks([x + 0.5 for x in range(len(found.rates))], [f"{lr:g}" for lr in found.rates])
    ax.set_yticks([y + 0.5 for y in range(len(found.epsilons))], [f"{eps:g}" for eps in found.epsilons])
    ax.set_xlabel("lr")
    ax.set_title(found.title, fontsize=10)
    return mesh
