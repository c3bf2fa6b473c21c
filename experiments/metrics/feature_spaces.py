"""Spaces of features in which images are compared: the Inception network of the FID, and two that need no download and
whose distances are never called FID: a small classifier of CIFAR-10 and the pixels themselves. Each says what the
Frechet distance in it is called."""

from __future__ import annotations

import hashlib
import os
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import lru_cache
from http.client import HTTPException
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval

from experiments.config.errors import MetricUnavailable
from experiments.config.paths import ROOT
from experiments.store.atomic_write import atomic_write
from experiments.store.lock import run_lock
from models.vgg import VGG11

CLASSIFIER = ROOT / "results" / "classifier" / "cifar10_vgg11.pt"
SHA256 = "6726825d"  # of the weights: how it begins
INCEPTION = f"pt_inception-2015-12-05-{SHA256}.pth"
ADDRESS = f"https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/{INCEPTION}"


class Pixels:
    """The pixels of the grey image: 64 numbers of an 8x8 digit."""

    def __init__(self, device: str) -> None:
        pass

    @staticmethod
    def distance() -> str:
        return "frechet_pixels"

    def __call__(self, images: Tensor) -> Tensor:
        """images (n, 3, height, width) in [0, 1] -> features (n, d)."""
        return images.mean(1).flatten(1)


class Classifier:
    """The penultimate layer, 128 numbers, of the VGG11 of width 1/4 in results/classifier, which this suite trained on
    CIFAR-10. The file's sha256 is part of the distance's name: another file gives another distance."""

    def __init__(self, device: str) -> None:
        kept = torch.load(CLASSIFIER, map_location=device, weights_only=True)
        self.network = VGG11(classes=kept["classes"], width=kept["width"]).to(device).eval()
        self.network.load_state_dict({name: value.float() for name, value in kept["weights"].items()})
        self.network.to(memory_format=torch.channels_last)
        self.mean, self.std = (torch.tensor(kept[key], device=device).view(3, 1, 1) for key in ("mean", "std"))

    @staticmethod
    def distance() -> str:
        return f"frechet_vgg11_{hashlib.sha256(CLASSIFIER.read_bytes()).hexdigest()[:8]}"

    @torch.no_grad()
    def __call__(self, images: Tensor) -> Tensor:
        """images (n, 3, 32, 32). Raises ValueError for another size."""
        if images.shape[2:] != (32, 32):
            raise ValueError(f"the classifier's space is one of images of 32 pixels, got {images.shape[2]}")
        features = self.network.features(
            ((images - self.mean) / self.std).contiguous(memory_format=torch.channels_last)
        )
        return self.network.classifier[:-1](features.mean((2, 3)))


class Inception:
    """pytorch-fid's Inception network, 2,048 features; batch norm is folded into the convolutions.

    Raises MetricUnavailable where its weights are not at hand and cannot be downloaded.
    """

    def __init__(self, device: str, path: Path | None = None, check: str = SHA256) -> None:
        path = path or find_inception()
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if not digest.startswith(check):
            raise MetricUnavailable(
                f"{path} is not the Inception network of the FID: its sha256 begins with {digest[:8]}"
            )
        weights = torch.load(path, map_location="cpu", weights_only=True)
        self.blocks = build_inception(weights).to(device)
        self.blocks.to(memory_format=torch.channels_last)
        self.head = weights["fc.weight"]

    @staticmethod
    def distance() -> str:
        return "fid"

    @torch.no_grad()
    def __call__(self, images: Tensor) -> Tensor:
        large = F.interpolate(images, size=(299, 299), mode="bilinear", align_corners=False)
        return self.blocks((2 * large - 1).contiguous(memory_format=torch.channels_last)).flatten(1)

    def logits(self, features: Tensor) -> Tensor:
        """(n, 1008) of features (n, 2048), on the CPU and without the bias, as the Inception score's first code left it
        out (Salimans et al., NeurIPS 2016, arXiv 1606.03498)."""
        return features @ self.head.float().T


def build_inception(weights: dict[str, Tensor]) -> nn.Sequential:
    """pytorch-fid's network up to its last average pool, for images in [-1, 1] of 299 pixels."""
    from pytorch_fid import inception  # imports torchvision's models: seconds

    load, inception.load_state_dict_from_url = inception.load_state_dict_from_url, lambda *_, **__: weights
    try:
        made = inception.InceptionV3([3], resize_input=False, normalize_input=False, requires_grad=False).eval()
    finally:
        inception.load_state_dict_from_url = load
    for module in made.modules():
        if hasattr(module, "conv") and hasattr(module, "bn"):
            module.conv, module.bn = fuse_conv_bn_eval(module.conv, module.bn), nn.Identity()
    return nn.Sequential(*made.blocks)


def weight_files() -> tuple[Path, Path]:
    """Where the FID's network may lie: under DATA_ROOT/fid, or in torch's cache."""
    own = Path(os.environ.get("DATA_ROOT", "data/raw")).expanduser() / "fid" / INCEPTION
    return own, Path(torch.hub.get_dir()) / "checkpoints" / INCEPTION


@lru_cache(maxsize=1)
def warn_if_absent() -> None:
    """Tell whoever is about to train for hours, once."""
    own, cached = weight_files()
    if not (own.is_file() or cached.is_file()):
        print(f"the Inception network of the FID is not here yet ({own.absolute()}): it will be looked for, "
              "or downloaded, once a run is to be scored")  # fmt: skip


def find_inception() -> Path:
    """The weights from one of their places, else downloaded to the first, by one process at a time.

    Raises MetricUnavailable where they are in no place and cannot be downloaded.
    """
    own, cached = weight_files()
    for path in (own, cached):
        if path.is_file():
            return path
    with one_at_a_time(own):
        return own if own.is_file() else download(own, cached)


@contextmanager
def one_at_a_time(path: Path) -> Iterator[None]:
    """Wait until no other process of this user makes the file `path`; the locks lie in the user's cache folder, so that
    a download which fails leaves nothing beside the data. Without such a folder nobody waits."""
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "adabelief-suite"
    with ExitStack() as stack:
        with suppress(OSError):
            stack.enter_context(run_lock(folder, Path(str(path.absolute()).lstrip("/")), wait=True))
        yield


def download(own: Path, cached: Path) -> Path:
    """Download the weights to `own`. Raises MetricUnavailable."""
    try:
        with urllib.request.urlopen(ADDRESS, timeout=60) as answer:
            content = answer.read()
        if not (digest := hashlib.sha256(content).hexdigest()).startswith(SHA256):
            raise OSError(f"its sha256 begins with {digest[:8]} instead of {SHA256}")
        atomic_write(own, content)
    except (OSError, HTTPException) as error:
        raise MetricUnavailable(
            f"the Inception network of the FID is neither {own.absolute()} nor {cached}, and could not be downloaded"
            f" ({error}): put {ADDRESS} in one of these places"
        ) from error
    return own


SPACES: dict[str, Any] = {"inception": Inception, "classifier": Classifier, "pixels": Pixels}
