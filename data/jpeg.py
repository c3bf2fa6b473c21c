"""From an image file's bytes to the square that a network sees: decoding, random and central crops, on the CPU.

Decoded images are Pillow's to the bit, so what torchvision's ImageFolder reads; a resized value differs from Pillow's
by at most one of 255 levels. All that takes time releases the interpreter's lock.
"""

from __future__ import annotations

import io
from math import exp, log, sqrt

import numpy as np
import torch
from PIL import Image, UnidentifiedImageError
from simplejpeg import decode_jpeg, decode_jpeg_header
from torch.nn.functional import interpolate

SCALE = (0.08, 1.0)  # share of the image's area that a random crop covers
RATIO = (3 / 4, 4 / 3)  # its width over its height
TRIES = 10
JPEG = b"\xff\xd8"  # how such a file begins, whatever its name says
COLOURS = ("YCbCr", "Gray", "RGB")  # from these, both libraries make the same bits


class Unreadable(ValueError):
    """Bytes that are no image, or one cut short or damaged; the message says what, in a few words."""


def decode(content: bytes) -> np.ndarray:
    """An image file as uint8 (height, width, 3): grey ones repeated, CMYK converted, alpha dropped and EXIF's rotation
    not applied, as in torchvision's ImageFolder.

    Raises:
        Unreadable: no image, one that ends early, or one that cannot be decoded. Damage that Pillow decodes past, as it
            does in ImageFolder, passes.
    """
    pixels = decode_fast(content)
    return decode_any(content) if pixels is None else pixels


def decode_fast(content: bytes) -> np.ndarray | None:
    """A sound JPEG file as uint8 (height, width, 3); None for everything else."""
    if not content.startswith(JPEG):
        return None
    try:
        if decode_jpeg_header(content)[2] in COLOURS:
            return decode_jpeg(content, "RGB", strict=True)
    except ValueError:
        pass
    return None


def decode_any(content: bytes) -> np.ndarray:
    """Whatever Pillow can read as uint8 (height, width, 3). Raises Unreadable."""
    if not content:
        raise Unreadable("empty")
    try:
        with Image.open(io.BytesIO(content)) as picture:
            return np.array(picture.convert("RGB"))
    except UnidentifiedImageError as error:
        raise Unreadable("not an image") from error
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise Unreadable("cut short or damaged") from error


def uniforms(key: int, index: int) -> list[float]:
    """The random numbers of one image in one epoch, each in [0, 1): two for each try of a crop's shape, two for its
    place, one for the flip. A function of the epoch's key and the image's number alone, whoever computes it.

    Philox (Salmon et al., 2011) counts through blocks in the low word; the image's number stands above it.
    """
    words = np.random.Philox(key=key, counter=index << 64).random_raw(2 * TRIES + 3)
    return ((words >> np.uint64(11)) * 2.0**-53).tolist()


def random_box(height: int, width: int, draws: list[float]) -> tuple[int, int, int, int]:
    """top, left, height and width of a random crop, distributed as torchvision's RandomResizedCrop: its area and the
    logarithm of its shape uniform, up to ten tries, then the middle of the image at the nearest shape that fits."""
    for n in range(TRIES):
        area = height * width * (SCALE[0] + (SCALE[1] - SCALE[0]) * draws[2 * n])
        shape = exp(log(RATIO[0]) + (log(RATIO[1]) - log(RATIO[0])) * draws[2 * n + 1])
        w, h = round(sqrt(area * shape)), round(sqrt(area / shape))
        if 0 < w <= width and 0 < h <= height:
            top, left = (int(u * (room + 1)) for u, room in zip(draws[2 * TRIES :], (height - h, width - w)))
            return top, left, h, w
    shape = min(max(width / height, RATIO[0]), RATIO[1])
    w, h = min(width, round(height * shape)), min(height, round(width / shape))
    return (height - h) // 2, (width - w) // 2, h, w


def random_crop(pixels: np.ndarray, index: int, side: int, flip: bool, key: int) -> np.ndarray:
    """A random crop (side, side, 3) of image number `index` (height, width, 3) in the epoch of `key`, mirrored with
    probability 0.5 if `flip`."""
    draws = uniforms(key, index)
    top, left, height, width = random_box(pixels.shape[0], pixels.shape[1], draws)
    return resized(pixels[top : top + height, left : left + width], side, side, mirrored=flip and draws[-1] < 0.5)


def centre_crop(pixels: np.ndarray, side: int, shorter: int) -> np.ndarray:
    """The middle (side, side, 3) of an image (height, width, 3) whose shorter side is brought to `shorter` pixels."""
    height, width = pixels.shape[:2]
    longer = int(shorter * max(height, width) / min(height, width))
    pixels = resized(pixels, *((shorter, longer) if height <= width else (longer, shorter)))
    top, left = (round((n - side) / 2.0) for n in pixels.shape[:2])
    return pixels[top : top + side, left : left + side]


def resized(pixels: np.ndarray, height: int, width: int, mirrored: bool = False) -> np.ndarray:
    """Bilinear with antialiasing, uint8 (height, width, 3)."""
    # The batch's dimension before the permutation: torch takes its fast way only where that one's stride is right too.
    image = torch.from_numpy(np.ascontiguousarray(pixels))[None].permute(0, 3, 1, 2)  # (1, 3, h, w), channels last
    image = interpolate(image, size=(height, width), mode="bilinear", antialias=True)
    return (image.flip(3) if mirrored else image)[0].permute(1, 2, 0).numpy()
