"""Time the FID's two halves, features of images and the distance, beside the pytorch-fid package on the same images.

    python -m scripts.bench_fid [--rounds 5] [--images 200] [--threads 2] [--device cpu] [--out results/bench]

Needs no Inception network: random weights are as fast. Writes fid.md and fid.csv; the ratios are the result.
"""

from __future__ import annotations

import argparse
import io
import random
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import redirect_stderr
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from experiments.config.cli import run_command
from experiments.metrics.feature_spaces import INCEPTION, Inception
from experiments.metrics.frechet import FeatureStatistics, RunningStatistics, frechet_distance, to_eight_bit
from experiments.runs import environment
from scripts.benchmarks.interleaved import Ratio, ratio, timed
from scripts.benchmarks.report import keep, prepared

WARM = 1
FEATURES, SAMPLES = 2048, 5000  # of the distance
HOW = """Features: {images} images of 32 pixels through the Inception network (random weights). pytorch-fid
{version} reads them from PNG files (batches of 50, one worker), ours from tensors rounded to the same eight bits, with
batch norm folded into the convolutions and channels last. Distance: of two sets of {samples} features of {features}
numbers; pytorch-fid takes SciPy's matrix square root, ours symmetric eigenvalues, whose factor of the real images is
kept from one call to the next. Each round lets both do the same, in an order drawn anew: {rounds} rounds counted,
{warm} before them not. Times faster: median over rounds with a 95 % bootstrap interval. Largest difference of the
features: {error:.1e} of the largest feature; of the distance: {off:.1e} of its value."""


def random_weights(folder: Path) -> tuple[Path, dict[str, Tensor]]:
    """A file of weights that no run would take for the network, and its content."""
    from pytorch_fid import inception

    torch.manual_seed(0)
    kept = nn.Module.load_state_dict, inception.load_state_dict_from_url
    nn.Module.load_state_dict = lambda *_, **__: None  # type: ignore[assignment, method-assign]
    inception.load_state_dict_from_url = lambda *_, **__: {}
    try:
        weights = inception.fid_inception_v3().state_dict()
    finally:
        nn.Module.load_state_dict, inception.load_state_dict_from_url = kept  # type: ignore[method-assign]
    torch.save(weights, folder / INCEPTION)
    return folder / INCEPTION, weights


def theirs(weights: dict[str, Tensor], device: str) -> Any:
    from pytorch_fid import inception

    kept, inception.load_state_dict_from_url = inception.load_state_dict_from_url, lambda *_, **__: weights
    try:
        return inception.InceptionV3([3]).to(device).eval()
    finally:
        inception.load_state_dict_from_url = kept


def interleaved(actions: Mapping[str, Callable[[], object]], rounds: int, device: str) -> dict[str, list[float]]:
    seconds: dict[str, list[float]] = {name: [] for name in actions}
    order = random.Random(0)
    for _ in range(WARM + rounds):
        for name in order.sample(list(actions), len(actions)):
            seconds[name].append(timed(actions[name], device))
    return {name: values[WARM:] for name, values in seconds.items()}


def features(call: argparse.Namespace, folder: Path) -> tuple[dict[str, list[float]], float]:
    """Seconds of the features of the same images, and the largest difference relative to the largest feature."""
    from pytorch_fid import fid_score

    path, weights = random_weights(folder)
    images = torch.rand((call.images, 3, 32, 32), generator=torch.Generator().manual_seed(0)) * 2 - 1
    files = []
    for number, image in enumerate(to_eight_bit(images)):
        files.append(folder / f"{number:05d}.png")
        Image.fromarray(image.permute(1, 2, 0).numpy()).save(files[-1])
    model, space, found = theirs(weights, call.device), Inception(call.device, path, check=""), {}

    def package() -> None:
        with redirect_stderr(io.StringIO()):  # its progress bar
            found["theirs"] = fid_score.get_activations(files, model, 50, FEATURES, call.device, num_workers=1)

    def ours() -> None:
        running, parts = RunningStatistics(), []
        for part in images.split(100):
            parts.append(space(to_eight_bit(part.to(call.device)).float().div(255)))
            running.add(parts[-1])
        found["ours"] = torch.cat(parts).cpu().numpy()

    seconds = interleaved({"pytorch-fid": package, "ours": ours}, call.rounds, call.device)
    return seconds, float(np.abs(found["ours"] - found["theirs"]).max() / np.abs(found["theirs"]).max())


def distances(call: argparse.Namespace) -> tuple[dict[str, list[float]], float]:
    """Seconds of the distance between the same statistics, and its largest relative difference."""
    from pytorch_fid import fid_score

    source = torch.Generator().manual_seed(0)
    mixing = torch.randn((FEATURES, FEATURES), generator=source) * torch.linspace(0.05, 1, FEATURES)
    sets = []
    for shift in (0.0, 0.1):
        running = RunningStatistics()
        for _ in range(SAMPLES // 500):
            running.add((torch.randn((500, FEATURES), generator=source) @ mixing + shift).relu())
        sets.append(running.statistics())
    fakes, reals = sets
    arrays, found = [part.numpy() for s in sets for part in (s.mean, s.covariance)], {}

    def package() -> None:
        with warnings.catch_warnings():  # SciPy's, of the form that it will drop
            warnings.simplefilter("ignore")
            found["theirs"] = float(fid_score.calculate_frechet_distance(*arrays))

    def ours() -> None:
        found["ours"] = frechet_distance(fakes, FeatureStatistics(reals.mean, reals.covariance, reals.count))

    def kept() -> None:
        found["kept"] = frechet_distance(fakes, reals)

    actions = {"pytorch-fid": package, "ours": ours, "ours, factor kept": kept}
    seconds = interleaved(actions, call.rounds, "cpu")
    return seconds, max(abs(found[k] - found["theirs"]) / found["theirs"] for k in ("ours", "kept"))


def rows_of(what: str, seconds: dict[str, list[float]], per: int) -> Iterator[dict[str, Any]]:
    for name, values in seconds.items():
        faster: Ratio = ratio(seconds["pytorch-fid"], values)
        median = float(np.median(values))
        yield {
            "what": what, "contestant": name, "images_per_s": per / median if per else None, "seconds": median,
            "ratio": faster.median, "low": faster.low, "high": faster.high, "n": len(values),
        }  # fmt: skip


def main() -> int:
    made = argparse.ArgumentParser(prog="python -m scripts.bench_fid", description="Time the FID beside pytorch-fid.")
    made.add_argument("--rounds", type=int, default=5, help="counted rounds (default: %(default)s)")
    made.add_argument("--images", type=int, default=200, help="(default: %(default)s)")
    made.add_argument("--threads", type=int, default=environment.cores(), help="(default: %(default)s)")
    made.add_argument("--device", default="cpu", help="cpu or cuda (default: %(default)s)")
    made.add_argument("--out", type=Path, default=Path("results/bench"), help="folder (default: %(default)s)")
    call = made.parse_args()
    where = prepared(call)
    with tempfile.TemporaryDirectory() as folder:
        taken, error = features(call, Path(folder))
    took, off = distances(call)
    rows = [*rows_of("features", taken, call.images), *rows_of("distance", took, 0)]
    how = HOW.format(
        images=call.images, version=version("pytorch-fid"), samples=f"{SAMPLES:,}", features=f"{FEATURES:,}",
        rounds=call.rounds, warm=WARM, error=error, off=off,
    )  # fmt: skip
    lines = [
        "# Speed of the FID", "", where, "", how, "",
        "| | | images/s | seconds | times faster (95 %) |", "|---|---|---:|---:|---:|",
    ]  # fmt: skip
    for row in rows:
        speed = f"{row['images_per_s']:.1f}" if row["images_per_s"] else "-"
        spread = f"{row['ratio']:.2f} ({row['low']:.2f} to {row['high']:.2f})"
        lines.append(f"| {row['what']} | {row['contestant']} | {speed} | {row['seconds']:.2f} | {spread} |")
    keep("fid", call, rows, lines)
    return 0


if __name__ == "__main__":
    run_command(main)
