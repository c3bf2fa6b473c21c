"""How a generator is judged: the distance of so many samples to a split of the real images."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from data.images import ImageData
from experiments.fid import Running, Statistics, eight_bit, frechet, kernel_distance
from experiments.record import write_whole
from experiments.spaces import SPACES
from experiments.task import Evaluation

BATCH = 250  # images at a time
KERNEL = 10_000  # features of each set that the kernel distance draws its subsets from


class Score:
    """space: "inception" (the FID) or "pixels"; fakes: number of samples, part of the result; reals: the
    split they are compared with; stretch: map each image to its full range first; quantise: to eight bits, as a PNG
    would; kernel: give the kernel distance too."""

    def __init__(
        self, data: ImageData, *, device: str, space: str, fakes: int, reals: str, stretch: bool, quantise: bool,
        kernel: bool = False,
    ) -> None:  # fmt: skip
        if space not in SPACES:
            raise ValueError(f"space is one of {', '.join(SPACES)}, got {space!r}")
        if fakes < 2 or (stretch and not quantise):
            raise ValueError(f"fakes must be two or more, and only eight-bit images are stretched, got {fakes=}")
        self.data, self.device, self.space = data, device, space
        self.fakes, self.reals, self.stretch, self.quantise, self.kernel = fakes, reals, stretch, quantise, kernel
        self.name = SPACES[space].name
        self.made: Any = None  # the space and the reals' statistics and features, once they are wanted

    def __call__(self, sample: Callable[[int], Tensor]) -> Evaluation:
        """Score `sample`, which gives n images in [-1, 1]. Raises Unscored where the space lacks its network."""
        if self.made is None:
            space = SPACES[self.space](self.device)
            self.made = space, *self.real_statistics(space)
        space, reals, real_features = self.made
        counts = [min(BATCH, self.fakes - start) for start in range(0, self.fakes, BATCH)]
        fakes, features = self.statistics(space, (sample(n) for n in counts))
        scores = {self.name: frechet(fakes, reals)}
        if self.kernel:
            scores[self.name.replace("frechet", "kernel").replace("fid", "kid")] = kernel_distance(
                features, real_features
            )
        return Evaluation(scores)

    def statistics(self, space: Any, batches: Iterator[Tensor]) -> tuple[Statistics, Tensor]:
        """Statistics of all, and features of the first."""
        running, kept = Running(), []
        for images in batches:
            shown = eight_bit(images, self.stretch).float().div(255) if self.quantise else (images + 1) / 2
            features = space(shown).float()
            running.add(features)
            if running.count <= KERNEL and self.kernel:
                kept.append(features.cpu())
        return running.statistics(), torch.cat(kept) if kept else torch.empty(0)

    def real_statistics(self, space: Any) -> tuple[Statistics, Tensor]:
        """Of the real images; kept on disk where they take minutes."""
        path = self.cache(space)
        if path.is_file():
            try:
                saved = torch.load(path, weights_only=True)
                return Statistics(saved["mean"], saved["covariance"], saved["count"]), saved["features"]
            except Exception:
                print(f"{path} is damaged and made again")
        pixels = getattr(self.data, self.reals).pixels
        batches = (p.to(self.device).permute(0, 3, 1, 2).float().div(255).mul(2).sub(1) for p in pixels.split(BATCH))
        statistics, features = self.statistics(space, batches)
        if self.space == "inception":
            keep(path, {**{k: getattr(statistics, k) for k in ("mean", "covariance", "count")}, "features": features})
        return statistics, features

    def cache(self, space: Any) -> Path:
        """Where the real images' statistics lie: the name says all that they depend on."""
        split = getattr(self.data, self.reals)
        how = ("stretched" if self.stretch else "plain") + ("" if self.quantise else "-float")
        what = f"{self.data.name}-{self.data.content[:16]}-{self.reals}-{split.pixels.shape[1]}px-{len(split)}"
        folder = Path(os.environ.get("DATA_ROOT", "data/raw")).expanduser() / "fid"
        return folder / f"{what}-{how}-{space.name}{'-kernel' if self.kernel else ''}.pt"


def keep(path: Path, content: dict[str, Any]) -> None:
    buffer = io.BytesIO()
    torch.save(content, buffer)
    write_whole(path, buffer.getvalue())
