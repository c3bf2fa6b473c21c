"""Decoding and crops against Pillow and torchvision's own transforms."""

import io

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms import v2

from data.jpeg import (
    AREA_SHARE,
    ASPECT_RATIO,
    MAX_TRIES,
    UnreadableImage,
    centre_crop,
    decode,
    draw_uniforms,
    random_box,
    random_crop,
    resize,
)
from tests.pictures import picture, saved, turned


def as_pillow(content):
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))


KINDS = {
    "JPEG": lambda image: saved(image, quality=90),
    "progressive": lambda image: saved(image, progressive=True),
    "without subsampling": lambda image: saved(image, subsampling=0),
    "greyscale": lambda image: saved(image.convert("L")),
    "CMYK": lambda image: saved(image.convert("CMYK")),
    "PNG": lambda image: saved(image, "PNG"),
    "PNG with alpha": lambda image: saved(image.convert("RGBA"), "PNG"),
    "PNG with a palette": lambda image: saved(image.convert("P"), "PNG"),
    "turned by EXIF": lambda image: saved(image, exif=turned()),
}


@pytest.mark.parametrize("kind", KINDS)
def test_decodes_to_pillow_s_bits(kind):
    content = KINDS[kind](picture(61, 83))
    pixels = decode(content)
    assert pixels.shape == (61, 83, 3) and pixels.dtype == np.uint8
    np.testing.assert_array_equal(pixels, as_pillow(content))


WHOLE = saved(picture(64, 64))
DAMAGED = {
    "empty": (b"", "empty"),
    "cut in the middle": (WHOLE[: len(WHOLE) // 2], "cut short"),
    "cut at its end": (WHOLE[:-2], "cut short"),
    "cut in its head": (WHOLE[:100], "cut short"),
    "a damaged head": (WHOLE[:2] + b"\xff\xdb\x00\x01" + WHOLE[6:], "cut short|not an image"),
    "text": (b"this is no image at all", "not an image"),
    "a cut PNG": (saved(picture(64, 64), "PNG")[:500], "cut short"),
}


@pytest.mark.parametrize("kind", DAMAGED)
def test_says_why_a_file_cannot_be_read(kind):
    content, why = DAMAGED[kind]
    with pytest.raises(UnreadableImage, match=why):
        decode(content)


def test_damage_that_pillow_reads_past_is_read_past():
    content = bytearray(saved(picture(200, 200), quality=90))
    content[len(content) // 2 : len(content) // 2 + 500] = bytes(500)
    np.testing.assert_array_equal(decode(bytes(content)), as_pillow(bytes(content)))


def test_random_numbers_are_those_of_the_image_and_the_epoch_alone():
    numbers = draw_uniforms(7, 3)
    assert len(numbers) == 2 * MAX_TRIES + 3 and all(0 <= n < 1 for n in numbers)
    assert draw_uniforms(7, 3) == numbers and draw_uniforms(7, 4) != numbers and draw_uniforms(8, 3) != numbers
    drawn = np.array([draw_uniforms(7, index) for index in range(4000)])
    np.testing.assert_allclose(drawn.mean(0), 0.5, atol=4 * 12**-0.5 / 4000**0.5)
    assert np.abs(np.corrcoef(drawn[:-1, 0], drawn[1:, 0])[0, 1]) < 0.07  # neighbours share nothing


@pytest.mark.parametrize("shape", [(375, 500), (500, 375), (64, 64), (40, 400)])
def test_boxes_are_distributed_as_torchvision_s(shape):
    from scipy.stats import ks_2samp

    ours = np.array([random_box(*shape, draw_uniforms(1, index)) for index in range(3000)])
    torch.manual_seed(0)
    image = torch.empty((3, *shape))
    theirs = np.array([v2.RandomResizedCrop.make_params(crop(), [image]) for _ in range(3000)], dtype=object)
    theirs = np.array([[p["top"], p["left"], p["height"], p["width"]] for p in theirs])
    for column in range(4):
        assert ks_2samp(ours[:, column], theirs[:, column]).pvalue > 1e-3, column
    assert (ours[:, :2] >= 0).all() and (ours[:, :2] + ours[:, 2:] <= shape).all()


def crop():
    return v2.RandomResizedCrop(224, scale=AREA_SHARE, ratio=ASPECT_RATIO)


def test_a_box_that_never_fits_is_the_middle_as_torchvision_has_it():
    draws = [1 - 1e-9] * (2 * MAX_TRIES + 3)  # always the whole area, at the widest shape
    assert random_box(400, 40, draws) == ((400 - 53) // 2, 0, 53, 40)
    assert random_box(40, 400, [1 - 1e-9, 0.5] * MAX_TRIES + [0.5] * 3) == (0, (400 - 53) // 2, 40, 53)


@pytest.mark.parametrize("shape", [(375, 500), (500, 333), (256, 256), (70, 64)])
@pytest.mark.parametrize("side", [224, 64])
def test_the_centre_crop_is_torchvisions_to_one_level(shape, side):
    image = picture(*shape)
    shorter = round(side * 256 / 224)
    theirs = v2.Compose([v2.Resize(shorter), v2.CenterCrop(side)])(image)
    ours = centre_crop(np.array(image), side, shorter)
    assert ours.shape == (side, side, 3)
    assert np.abs(ours.astype(int) - np.asarray(theirs)).max() <= 1


@pytest.mark.parametrize("box", [(0, 0, 375, 500), (50, 60, 250, 300), (7, 9, 90, 100), (30, 30, 224, 224)])
def test_a_resized_crop_is_pillows_to_one_level(box):
    top, left, height, width = box
    pixels = np.array(picture(375, 500))
    theirs = Image.fromarray(pixels).crop((left, top, left + width, top + height))
    theirs = theirs.resize((224, 224), Image.Resampling.BILINEAR)
    ours = resize(pixels[top : top + height, left : left + width], 224, 224)
    assert np.abs(ours.astype(int) - np.asarray(theirs)).max() <= 1


def test_half_of_the_crops_are_mirrored_where_that_is_allowed():
    pixels = np.zeros((64, 64, 3), dtype=np.uint8)
    pixels[:] = np.arange(64, dtype=np.uint8)[:, None] * 4  # brighter to the right
    rising = [crop[0, 0, 0] < crop[0, -1, 0] for crop in (random_crop(pixels, i, 32, True, 5) for i in range(400))]
    assert 150 < sum(rising) < 250
    assert all(c[0, 0, 0] < c[0, -1, 0] for c in (random_crop(pixels, i, 32, False, 5) for i in range(50)))
