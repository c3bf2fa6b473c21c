"""Batched augmentation against torchvision's transforms, image by image and bit by bit."""

from __future__ import annotations

import pytest
import torch

from data.augment import crop_and_flip, draw_crops_and_flips, normalise, pad_images

transforms = pytest.importorskip("torchvision.transforms")

MEAN, STD = (0.4914, 0.4822, 0.4465), (0.2023, 0.1994, 0.2010)


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("size", [16, 32])
def test_a_batch_is_torchvisions_bit_for_bit(size):
    margin, batch = size // 8, 64
    images = torch.randint(0, 256, (20, size, size, 3), dtype=torch.uint8, generator=seeded(0))
    index = torch.randint(0, 20, (batch,), generator=seeded(1))
    offsets, flips = draw_crops_and_flips(batch, margin, True, seeded(2))
    ours = normalise(crop_and_flip(pad_images(images, margin), index, offsets, flips, size), MEAN, STD)

    functional = transforms.functional
    finish = transforms.Compose([transforms.ToTensor(), transforms.Normalize(MEAN, STD)])
    for position in range(batch):
        image = functional.to_pil_image(images[index[position]].permute(2, 0, 1))
        image = functional.pad(image, margin)
        row, column = offsets[position].tolist()
        image = functional.crop(image, row, column, size, size)
        if flips[position]:
            image = functional.hflip(image)
        assert torch.equal(ours[position], finish(image)), position


def test_every_value_is_normalised_as_torchvision_does():
    ramp = torch.arange(256, dtype=torch.uint8)
    images = torch.stack([ramp, ramp.flip(0), ramp.roll(7)], dim=-1).view(1, 16, 16, 3)
    finish = transforms.Compose([transforms.ToTensor(), transforms.Normalize(MEAN, STD)])
    assert torch.equal(normalise(images, MEAN, STD)[0], finish(images[0].numpy()))


def test_the_result_is_channels_last_float32():
    batch = normalise(torch.zeros(4, 8, 8, 3, dtype=torch.uint8), MEAN, STD)
    assert batch.shape == (4, 3, 8, 8) and batch.dtype == torch.float32
    assert batch.is_contiguous(memory_format=torch.channels_last)


def test_padding_is_black_before_normalisation():
    padded = pad_images(torch.full((2, 8, 8, 3), 200, dtype=torch.uint8), 1)
    assert padded.shape == (2, 10, 10, 3) and padded[0, 0].eq(0).all() and padded[:, 1:-1, 1:-1].eq(200).all()
    corner = normalise(padded, MEAN, STD)[0, :, 0, 0]
    torch.testing.assert_close(corner, torch.tensor([-2.4291, -2.4183, -2.2214]), rtol=0, atol=1e-4)


def test_draws_cover_every_offset_and_half_the_flips():
    offsets, flips = draw_crops_and_flips(20_000, 4, True, seeded(0))
    assert offsets.shape == (20_000, 2) and offsets.dtype == torch.int64
    for axis in range(2):
        counts = torch.bincount(offsets[:, axis], minlength=9)
        assert len(counts) == 9 and (counts / 20_000 - 1 / 9).abs().max() < 0.01
    assert flips.dtype == torch.bool and abs(flips.float().mean() - 0.5) < 0.02
    again = draw_crops_and_flips(20_000, 4, True, seeded(0))
    assert torch.equal(offsets, again[0]) and torch.equal(flips, again[1])


def test_no_flips_where_a_mirrored_image_is_another():
    offsets, flips = draw_crops_and_flips(100, 2, False, seeded(0))
    assert not flips.any() and offsets.max() == 4


def test_the_gather_leaves_the_padded_images_alone():
    padded = pad_images(torch.randint(0, 256, (3, 8, 8, 3), dtype=torch.uint8), 1)
    before = padded.clone()
    offsets, flips = draw_crops_and_flips(3, 1, True, seeded(0))
    normalise(crop_and_flip(padded, torch.arange(3), offsets, flips, 8), MEAN, STD)
    assert torch.equal(padded, before)
