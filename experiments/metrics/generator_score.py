"""How a generator is judged: the distance of so many samples to a split of the real images."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from data.in_memory import ImageData
from experiments.metrics.feature_spaces import SPACES, warn_if_absent
from experiments.metrics.frechet import (
    FeatureStatistics,
    RunningStatistics,
    frechet_distance,
    further_scores,
    to_eight_bit,
)
from experiments.store.atomic_write import atomic_write
from experiments.training.task import Evaluation

BATCH = 250  # images at a time
KEPT = 10_000  # features of each set that the further scores are made of


class Score:
    """space: "inception" (the FID), "classifier" or "pixels"; fakes: number of samples, part of the result; reals: the
    split they are compared with; stretch: map each image to its full range first; quantise: to eight bits, as a PNG
    would; extras: kernel distance, precision and recall too, in the FID's space the Inception score."""

    def __init__(
        self, data: ImageData, *, device: str, space: str, fakes: int, reals: str, stretch: bool, quantise: bool,
        extras: bool = False,
    ) -> None:  # fmt: skip
        if space not in SPACES:
            raise ValueError(f"space is one of {', '.join(SPACES)}, got {space!r}")
        if fakes < 2 or (stretch and not quantise):
            raise ValueError(f"fakes must be two or more, and only eight-bit images are stretched, got {fakes=}")
        self.data, self.device, self.space = data, device, space
        self.fakes, self.reals, self.stretch, self.quantise, self.extras = fakes, reals, stretch, quantise, extras
        self.name = SPACES[space].distance()
        if space == "inception":
            warn_if_absent()
        self.made: Any = None  # the space and the reals' statistics and features, once they are wanted

    def __call__(self, sample: Callable[[int], Tensor]) -> Evaluation:
        """Score `sample`, which gives n images in [-1, 1].

        Raises MetricUnavailable where the space lacks its network."""
        if self.made is None:
            space = SPACES[self.space](self.device)
            self.made = space, *self.real_statistics(space)
        space, reals, real_features = self.made
        counts = [min(BATCH, self.fakes - start) for start in range(0, self.fakes, BATCH)]
        fakes, features = self.statistics(space, (sample(n) for n in counts))
        scores = {self.name: frechet_distance(fakes, reals)}
        if self.extras:
            logits = space.logits(features) if self.space == "inception" else None
            further = further_scores(features, real_features, logits)
            scores |= {further_name(name, self.name): value for name, value in further.items()}
        return Evaluation(scores)

    def statistics(self, space: Any, batches: Iterator[Tensor]) -> tuple[FeatureStatistics, Tensor]:
        """Statistics of all, and features of the first."""
        running, kept = RunningStatistics(), []
        for images in batches:
            shown = to_eight_bit(images, self.stretch).float().div(255) if self.quantise else (images + 1) / 2
            features = space(shown).float()
            running.add(features)
            if self.extras and running.count <= KEPT:
                kept.append(features.cpu())
        return running.statistics(), torch.cat(kept) if kept else torch.empty(0)

    def real_statistics(self, space: Any) -> tuple[FeatureStatistics, Tensor]:
        """Of the real images; kept on disk where they take minutes."""
        path = self.cache()
        if path.is_file():
            try:
                saved = torch.load(path, weights_only=True)
                statistics = FeatureStatistics(saved["mean"], saved["covariance"], saved["count"])
                statistics.__dict__["factor"] = saved["factor"]  # as if it had been computed: seconds
                return statistics, saved["features"]
            except Exception:
                print(f"{path} is damaged and made again")
        pixels = getattr(self.data, self.reals).pixels
        batches = (p.to(self.device).permute(0, 3, 1, 2).float().div(255).mul(2).sub(1) for p in pixels.split(BATCH))
        statistics, features = self.statistics(space, batches)
        if self.space != "pixels":
            parts = ("mean", "covariance", "count", "factor")
            save_statistics(path, {**{name: getattr(statistics, name) for name in parts}, "features": features})
        return statistics, features

    def cache(self) -> Path:
        """Where the real images' statistics lie: the name says all that they depend on."""
        split = getattr(self.data, self.reals)
        how = ("stretched" if self.stretch else "plain") + ("" if self.quantise else "-float")
        what = f"{self.data.name}-{self.data.content[:16]}-{self.reals}-{split.pixels.shape[1]}px-{len(split)}"
        folder = Path(os.environ.get("DATA_ROOT", "data/raw")).expanduser() / "fid"
        return folder / f"{what}-{how}-{self.name}{'-extras' if self.extras else ''}.pt"


def further_name(name: str, distance: str) -> str:
    """ "kid" and "precision" in the FID's space, "kernel_pixels" and "precision_pixels" in another."""
    if distance == "fid":
        return "kid" if name == "kernel" else name
    return f"{name}_{distance.removeprefix('frechet_')}"


def save_statistics(path: Path, content: dict[str, Any]) -> None:
    """Write a cache file whole, whoever else does; without it the next run takes longer, no more."""
    buffer, own = io.BytesIO(), path.with_name(f"{path.name}.{os.getpid()}")
    torch.save(content, buffer)
    try:
        atomic_write(own, buffer.getvalue())
        own.replace(path)
    except OSError as error:
        print(f"statistics of the real images could not be kept: {error}")
