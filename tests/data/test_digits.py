"""The embedded digits, and the small types of data.images."""

from __future__ import annotations

import pytest
import torch
from sklearn.datasets import load_digits

from data.digits import CONTENT, digits
from data.errors import DataError
from data.images import Images, enlarge_bilinear


def test_digits_are_scikit_learns():
    data, bunch = digits(8), load_digits()
    assert (len(data.train), len(data.test), data.classes, data.flip) == (1437, 360, 10, False)
    assert data.test.labels.tolist() == bunch.target[::5].tolist()
    assert data.train.labels[:5].tolist() == bunch.target[[1, 2, 3, 4, 6]].tolist()
    grey = torch.from_numpy(bunch.images[::5])
    for channel in range(3):
        assert torch.equal(data.test.pixels[..., channel].double(), torch.round(grey * 255 / 16))


def test_the_content_is_the_committed_one_at_every_size():
    assert digits(8).content == digits(32).content == CONTENT["digits"]


def test_mean_and_std_are_those_of_the_training_images():
    pixels = digits(8).train.pixels.double() / 255
    assert digits().mean == pytest.approx([pixels.mean().item()] * 3, abs=2e-4)
    assert digits().std == pytest.approx([pixels.std(correction=0).item()] * 3, abs=2e-4)


@pytest.mark.parametrize("pixels", [8, 16, 20, 32])
def test_every_size_from_8_up(pixels):
    data = digits(pixels)
    assert data.train.pixels.shape == (1437, pixels, pixels, 3)
    assert data.train.pixels.is_contiguous() and data.train.pixels.dtype == torch.uint8
    assert data.train.pixels.float().mean() == pytest.approx(77.85, abs=0.2)


def test_a_smaller_size_is_refused():
    with pytest.raises(DataError, match="to 8 pixels or more, got 4"):
        digits(4)


def test_enlarging_is_bilinear():
    column = torch.tensor([0, 100], dtype=torch.uint8)
    image = column[None, None, :, None].expand(1, 2, 2, 3).contiguous()
    assert enlarge_bilinear(image, 4)[0, 0, :, 0].tolist() == [0, 25, 75, 100]


def test_images_are_indexed_and_moved_together():
    pixels = torch.arange(5, dtype=torch.uint8)[:, None, None, None].expand(5, 2, 2, 3).contiguous()
    images = Images(pixels, torch.arange(5))
    chosen = images.take(torch.tensor([3, 0])).to("cpu")
    assert len(images) == 5 and len(chosen) == 2
    assert chosen.labels.tolist() == [3, 0] and chosen.pixels[:, 1, 1, 2].tolist() == [3, 0]


def test_images_of_another_kind_are_refused():
    with pytest.raises(ValueError, match="got \\(2, 3, 4, 4\\) and \\(2,\\)"):
        Images(torch.zeros(2, 3, 4, 4, dtype=torch.uint8), torch.zeros(2, dtype=torch.int64))
    with pytest.raises(ValueError, match="need uint8 pixels and int64 labels"):
        Images(torch.zeros(2, 4, 4, 3), torch.zeros(2, dtype=torch.int64))
