"""Spaces of features in which images are compared: the Inception network of the FID, and stand-ins that are never
called FID: a committed classifier, and the pixels themselves."""

from __future__ import annotations

import hashlib
import os
import tempfile
import urllib.request
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval

from experiments.errors import Unscored
from models.vgg import VGG11

INCEPTION = "pt_inception-2015-12-05-6726825d.pth"
ADDRESS = f"https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/{INCEPTION}"
CLASSIFIER = Path(__file__).resolve().parents[1] / "models" / "weights" / "cifar10_vgg11.pt"


class Pixels:
    """The pixels of the grey image: 64 numbers of an 8x8 digit."""

    name = "frechet_pixels"

    def __init__(self, device: str) -> None:
        pass

    def __call__(self, images: Tensor) -> Tensor:
        """images (n, 3, height, width) in [0, 1] -> features (n, d)."""
        return images.mean(1).flatten(1)


class Classifier:
    """What enters the last layer of a VGG11 of width 1/4 that this suite trained on CIFAR-10: 128 features. The first
    digits of the file's sha256 are part of the name: another classifier is another distance."""

    def __init__(self, device: str, path: Path = CLASSIFIER) -> None:
        content = path.read_bytes()
        self.name = f"frechet_vgg11_{hashlib.sha256(content).hexdigest()[:8]}"
        saved = torch.load(path, weights_only=True)
        self.accuracy = saved["accuracy"]
        module = VGG11(classes=10, width=saved["width"])
        module.load_state_dict({key: value.float() for key, value in saved["weights"].items()})
        self.features, self.hidden = module.features.to(device).eval(), module.classifier[:-1].to(device).eval()
        self.mean, self.std = (torch.tensor(saved[key], device=device).view(3, 1, 1) for key in ("mean", "std"))

    @torch.no_grad()
    def __call__(self, images: Tensor) -> Tensor:
        return self.hidden(self.features((images - self.mean) / self.std).mean((2, 3)))


class Inception:
    """pytorch-fid's Inception network, 2,048 features; batch norm is folded into the convolutions.

    Raises Unscored where its weights are not at hand and cannot be downloaded.
    """

    name = "fid"

    def __init__(self, device: str, path: Path | None = None, check: str = "6726825d") -> None:
        path = path or find_inception()
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if not digest.startswith(check):
            raise Unscored(f"{path} is not the Inception network of the FID: its sha256 begins with {digest[:8]}")
        self.blocks = network(torch.load(path, map_location="cpu", weights_only=True)).to(device)
        self.blocks.to(memory_format=torch.channels_last)

    @torch.no_grad()
    def __call__(self, images: Tensor) -> Tensor:
        large = F.interpolate(images, size=(299, 299), mode="bilinear", align_corners=False)
        return self.blocks((2 * large - 1).contiguous(memory_format=torch.channels_last)).flatten(1)


def network(weights: dict[str, Tensor]) -> nn.Sequential:
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


def find_inception() -> Path:
    """The weights in torch's cache or under DATA_ROOT/fid, else downloaded to the latter."""
    own = Path(os.environ.get("DATA_ROOT", "data/raw")).expanduser() / "fid" / INCEPTION
    cached = Path(torch.hub.get_dir()) / "checkpoints" / INCEPTION
    for path in (own, cached):
        if path.is_file():
            return path
    own.parent.mkdir(parents=True, exist_ok=True)
    try:
        with (
            urllib.request.urlopen(ADDRESS, timeout=60) as answer,
            tempfile.NamedTemporaryFile(dir=own.parent, delete=False) as part,
        ):
            part.write(answer.read())
    except OSError as error:
        raise Unscored(
            f"the Inception network of the FID is neither {own.absolute()} nor {cached}, and could not be downloaded"
            f" ({error}): put {ADDRESS} in one of these places"
        ) from error
    return Path(part.name).rename(own)


SPACES: dict[str, Any] = {"inception": Inception, "classifier": Classifier, "pixels": Pixels}
NAMES = {"inception": Inception.name, "pixels": Pixels.name}


def name_of(space: str) -> str:
    """What a distance in the space is called, without loading what it takes."""
    return NAMES.get(space) or Classifier("cpu").name
