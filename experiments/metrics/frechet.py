"""Distances between two sets of images, in a space of features.

The Frechet inception distance (Heusel et al., NeurIPS 2017, arXiv 1706.08500) as pytorch-fid 0.3.0 computes it, except
that the trace of the square root comes from symmetric eigenvalues: faster, real, and exact where covariances have no
full rank.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor


@dataclass(frozen=True)
class FeatureStatistics:
    """mean (d,) and unbiased covariance (d, d) of `count` features, float64 on the CPU."""

    mean: Tensor
    covariance: Tensor
    count: int

    @cached_property
    def factor(self) -> Tensor:
        """B (d, rank) with B B^T = covariance."""
        values, vectors = torch.linalg.eigh(self.covariance)
        kept = values > values[-1] * len(values) * torch.finfo(torch.float64).eps
        return vectors[:, kept] * values[kept].sqrt()


class RunningStatistics:
    """FeatureStatistics of features that come in batches (n, d); sums are float64 about the first batch's mean."""

    def __init__(self) -> None:
        self.count = 0

    def add(self, features: Tensor) -> None:
        features = features.to("cpu", torch.float64)
        if not self.count:
            self.centre = features.mean(0)
            self.total = torch.zeros_like(self.centre)
            self.products = torch.zeros((len(self.centre),) * 2, dtype=torch.float64)
        off = features - self.centre
        self.count += len(features)
        self.total += off.sum(0)
        self.products.addmm_(off.T, off)

    def statistics(self) -> FeatureStatistics:
        """Raises ValueError for fewer than two features."""
        if self.count < 2:
            raise ValueError(f"a covariance needs two images or more, got {self.count}")
        mean = self.total / self.count
        covariance = (self.products - self.count * torch.outer(mean, mean)) / (self.count - 1)
        return FeatureStatistics(self.centre + mean, covariance, self.count)


def frechet_distance(a: FeatureStatistics, b: FeatureStatistics) -> float:
    """|m_a - m_b|^2 + tr(S_a + S_b - 2 (S_a S_b)^(1/2)). `b.factor` is kept: give the set that is compared often as b.

    The eigenvalues of S_a S_b are those of the symmetric B^T S_a B, where B B^T = S_b; what rounding left of those that
    are zero is not counted.
    """
    values = torch.linalg.eigvalsh(b.factor.T @ a.covariance @ b.factor)
    largest = values[-1] if len(values) else 0.0
    values = values[values > largest * len(values) * torch.finfo(torch.float64).eps]
    traces = a.covariance.trace() + b.covariance.trace() - 2 * values.sqrt().sum()
    return float((a.mean - b.mean).square().sum() + traces)


def further_scores(fakes: Tensor, reals: Tensor, logits: Tensor | None = None) -> dict[str, float]:
    """What torch-fidelity makes of features (n, d) of samples and images: kernel distance (KID, Binkowski et al., ICLR
    2018: mean over 100 subsets of 1,000, or of all where there are fewer), precision and recall (Kynkaanniemi et al.,
    NeurIPS 2019: third neighbours), and of logits (n, classes) of the samples the Inception score (10 splits)."""
    from torch_fidelity.metric_isc import isc_features_to_metric  # imports scipy and more: seconds
    from torch_fidelity.metric_kid import kid_features_to_metric
    from torch_fidelity.metric_prc import prc_features_to_metric

    size = min(1000, len(fakes), len(reals))
    kernel = kid_features_to_metric(fakes, reals, kid_subset_size=size, verbose=False)
    shares = prc_features_to_metric(fakes, reals, save_cpu_ram=True, verbose=False)
    found = {"kernel": kernel["kernel_inception_distance_mean"]} | {k: shares[k] for k in ("precision", "recall")}
    if logits is not None:
        found["inception_score"] = isc_features_to_metric(logits)["inception_score_mean"]
    return {name: float(value) for name, value in found.items()}


def to_eight_bit(images: Tensor, stretch: bool = False) -> Tensor:
    """Images (n, channels, height, width) in [-1, 1] as the uint8 values that torchvision's `save_image` would write.

    stretch: each image is first mapped to its own full range, (x - min) / (max - min + 1e-5) over all its channels, as
    the official code of the small GANs did with samples and images: contrast and brightness no longer count.
    """
    if stretch:
        low, high = images.amin((1, 2, 3), keepdim=True), images.amax((1, 2, 3), keepdim=True)
        scaled = (images - low) / (high - low + 1e-5)
    else:
        scaled = (images + 1) / 2
    return scaled.mul(255).add_(0.5).clamp_(0, 255).to(torch.uint8)
