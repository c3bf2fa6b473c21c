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

AREA_SHARE = (0.08, 1.0)  # of the image, that a random crop covers: least, most
ASPECT_RATIO = (3 / 4, 4 / 3)  # width over height of a random crop: least, most
MAX_TRIES = 10
JPEG_START = b"\xff\xd8"  # how such a file begins, whatever its name says
SHARED_COLOUR_SPACES = ("YCbCr", "Gray", "RGB")  # from these, both libraries make the same bits


class UnreadableImage(ValueError):
    """Bytes that are no image, or one cut short or damaged; the message says what, in a few words."""


def decode(content: bytes) -> np.ndarray:
    """An image file as uint8 (height, width, 3): grey ones repeated, CMYK converted, alpha dropped and EXIF's rotation
    not applied, as in torchvision's ImageFolder.

    Raises:
        UnreadableImage: no image, one that ends early, or one that cannot be decoded. Damage that Pillow decodes past,
            as it does in ImageFolder, passes.
    """
    pixels = decode_sound_jpeg(content)
    return decode_with_pillow(content) if pixels is None else pixels


def decode_sound_jpeg(content: bytes) -> np.ndarray | None:
    """A sound JPEG file as uint8 (height, width, 3); None for everything else."""
    if not content.startswith(JPEG_START):
        return None
    try:
        if decode_jpeg_header(content)[2] in SHARED_COLOUR_SPACES:
            return decode_jpeg(content, "RGB", strict=True)
    except ValueError:
        pass
    return None


def decode_with_pillow(content: bytes) -> np.ndarray:
    """Whatever Pillow can read as uint8 (height, width, 3). Raises UnreadableImage."""
    if not content:
        raise UnreadableImage("empty")
    try:
        with Image.open(io.BytesIO(content)) as picture:
            return np.array(picture.convert("RGB"))
    except UnidentifiedImageError as error:
        raise UnreadableImage("not an image") from error
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise UnreadableImage("cut short or damaged") from error


def draw_uniforms(key: int, index: int) -> list[float]:
    """The 2 * MAX_TRIES + 3 random numbers of one image in one epoch, each in [0, 1): two for each try of a crop's
    shape, two for its place, one for the flip. A function of the epoch's key and the image's number alone, whoever
    computes it.

    Philox (Salmon et al., 2011) counts through blocks in the low word; the image's number stands above it.
    """
    words = np.random.Philox(key=key, counter=index << 64).random_raw(2 * MAX_TRIES + 3)
    return ((words >> np.uint64(11)) * 2.0**-53).tolist()


def random_box(height: int, width: int, draws: list[float]) -> tuple[int, int, int, int]:
    """top, left, height and width of a random crop, distributed as torchvision's RandomResizedCrop: its area and the
    logarithm of its shape uniform, up to ten tries, then the middle of the image at the nearest shape that fits."""
    for n in range(MAX_TRIES):
        area = height * width * (AREA_SHARE[0] + (AREA_SHARE[1] - AREA_SHARE[0]) * draws[2 * n])
        ratio = exp(log(ASPECT_RATIO[0]) + (log(ASPECT_RATIO[1]) - log(ASPECT_RATIO[0])) * draws[2 * n + 1])
        w, h = round(sqrt(area * ratio)), round(sqrt(area / ratio))
        if 0 < w <= width and 0 < h <= height:
            top, left = (int(u * (room + 1)) for u, room in zip(draws[2 * MAX_TRIES :], (height - h, width - w)))
            return top, left, h, w
    ratio = min(max(width / height, ASPECT_RATIO[0]), ASPECT_RATIO[1])
    w, h = min(width, round(height * ratio)), min(height, round(width / ratio))
    return (height - h) // 2, (width - w) // 2, h, w


def random_crop(pixels: np.ndarray, index: int, side: int, flip: bool, key: int) -> np.ndarray:
    """A random crop (side, side, 3) of image number `index` (height, width, 3) in the epoch of `key`, mirrored with
    probability 0.5 if `flip`."""
    draws = draw_uniforms(key, index)
    top, left, height, width = random_box(pixels.shape[0], pixels.shape[1], draws)
    return resize(pixels[top : top + height, left : left + width], side, side, mirrored=flip and draws[-1] < 0.5)


def centre_crop(pixels: np.ndarray, side: int, shorter: int) -> np.ndarray:
    """The middle (side, side, 3) of an image (height, width, 3) whose shorter side is brought to `shorter` pixels."""
    height, width = pixels.shape[:2]
    longer = int(shorter * max(height, width) / min(height, width))
    pixels = resize(pixels, *((shorter, longer) if height <= width else (longer, shorter)))
    top, left = (round((n - side) / 2.0) for n in pixels.shape[:2])
    return pixels[top : top + side, left : left + side]


def resize(pixels: np.ndarray, height: int, width: int, mirrored: bool = False) -> np.ndarray:
    """An image uint8 (h, w, 3) as uint8 (height, width, 3), bilinear with antialiasing, perhaps mirrored."""
    # The batch's dimension before the permutation: torch takes its fast way only where that one's stride is right too.
    image = torch.from_numpy(np.ascontiguousarray(pixels))[None].permute(0, 3, 1, 2)  # (1, 3, h, w), channels last
    image = interpolate(image, size=(height, width), mode="bilinear", antialias=True)
    return (image.flip(3) if mirrored else image)[0].permute(1, 2, 0).numpy()
