"""Batches of images held in memory."""

import pytest
import torch

from data.images import Images
from data.in_memory import ImageData


@pytest.fixture
def data():
    def images(n, seed):
        draw = torch.Generator().manual_seed(seed)
        pixels = torch.randint(0, 256, (n, 16, 16, 3), dtype=torch.uint8, generator=draw)
        return Images(pixels, torch.randint(0, 10, (n,), generator=draw))

    return ImageData("random", 10, images(103, 0), images(40, 1), (0.4, 0.5, 0.6), (0.2, 0.3, 0.4), True, "content")


def epoch(data, at_once):
    training = data.training_images(data.train, 8, "cpu")
    training.batches_at_once = at_once
    return training.epoch_batches(torch.Generator().manual_seed(2), torch.Generator().manual_seed(3))


@pytest.mark.parametrize("at_once", [3, 16])
def test_batches_made_at_once_are_those_made_one_by_one(data, at_once):
    singly, jointly = list(epoch(data, 1)), list(epoch(data, at_once))
    assert [len(labels) for _, labels in singly] == [8] * 12 + [7] == [len(labels) for _, labels in jointly]
    assert len(epoch(data, at_once)) == len(singly)
    for (images, labels), (others, other_labels) in zip(singly, jointly):
        assert torch.equal(images, others) and torch.equal(labels, other_labels)
        assert others.is_contiguous(memory_format=torch.channels_last)


def test_an_epoch_shows_every_image_once(data):
    shown = torch.cat([labels for _, labels in epoch(data, 4)])
    assert shown.bincount().tolist() == data.train.labels.bincount().tolist()


@pytest.mark.gpu
def test_a_gpu_makes_the_batches_of_the_cpu(data):
    def shown(device):
        training = data.training_images(data.train, 8, device)
        return list(training.epoch_batches(torch.Generator().manual_seed(2), torch.Generator().manual_seed(3)))

    for (images, labels), (others, other_labels) in zip(shown("cpu"), shown("cuda"), strict=True):
        assert torch.equal(images, others.cpu()) and torch.equal(labels, other_labels.cpu())
    scored = [torch.cat([part[k].cpu() for part in data.evaluation_batches(data.test, 4, "cuda")]) for k in (0, 1)]
    plain = [torch.cat([part[k] for part in data.evaluation_batches(data.test, 4, "cpu")]) for k in (0, 1)]
    assert torch.equal(scored[0], plain[0]) and torch.equal(scored[1], plain[1])
