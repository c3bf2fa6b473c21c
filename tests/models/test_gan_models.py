"""DCGAN and SN-GAN: the official counts and outputs, spectral norms, sizes."""

import json
from pathlib import Path

import pytest
import torch
from torch import nn

from models.dcgan import dcgan
from models.sngan import sngan
from tests.formula import fill, wave

CASES = json.loads((Path(__file__).parents[1] / "oracles" / "gan_fixtures.json").read_text())["models"]
HEADS = {"wgan": {"head": "convolution", "output": "sigmoid"}, "wgan-gp": {"head": "linear", "output": "linear"}}


def count(module):
    return sum(p.numel() for p in module.parameters())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["model"])
def test_outputs_equal_the_official_ones(case):
    setting, player = case["model"].split("/")
    module = getattr(dcgan(10, **HEADS[setting]), player).double().eval()
    fill(module)
    assert count(module) == case["parameters"]
    with torch.no_grad():
        if player == "critic":
            found = module(wave(tuple(case["input"]), 0.1, 0))
            assert found.tolist() == pytest.approx(case["eval_output"], rel=1e-8)
        else:
            found = module(torch.cos(0.3 * torch.arange(200, dtype=torch.float64)).view(2, 100))
            assert list(found.shape) == case["eval_output_shape"]
            # the stored row is the first of the last image's last channel
            assert found[1, 2, 0, :16].tolist() == pytest.approx(case["eval_output_first_row"], rel=1e-8, abs=1e-8)
            assert float(found.sum()) == pytest.approx(case["eval_output_sum"], rel=1e-8)


def test_sngan_has_the_logged_counts_of_parameters():
    pair = sngan(10)
    assert (count(pair.generator), count(pair.critic)) == (4_304_387, 1_055_105)


def test_every_weight_of_the_sngan_critic_has_spectral_norm_one():
    torch.manual_seed(0)
    critic = sngan(10, width=0.1).critic
    images, labels = torch.randn(4, 3, 32, 32), torch.arange(4)
    for _ in range(50):
        critic(images, labels)
    layers = [m for m in critic.modules() if isinstance(m, nn.Conv2d | nn.Linear | nn.Embedding)]
    assert len(layers) == 12
    for layer in layers:
        assert float(torch.linalg.matrix_norm(layer.weight.detach().flatten(1), 2)) == pytest.approx(1, abs=0.02)


def test_the_generator_has_no_spectral_norm_and_orthogonal_weights():
    weight = sngan(10, width=0.1).generator.linear.weight.detach()
    assert torch.allclose(weight.T @ weight, torch.eye(weight.shape[1]), atol=1e-4)


def test_the_rectified_shortcut_is_another_function():
    torch.manual_seed(0)
    rectified = sngan(10, width=0.1)
    plain = sngan(10, width=0.1, shortcut="plain")
    plain.load_state_dict(rectified.state_dict())
    images, labels = torch.randn(4, 3, 32, 32), torch.arange(4)
    assert not torch.allclose(rectified.critic.eval()(images, labels), plain.critic.eval()(images, labels))


@pytest.mark.parametrize("pixels", [8, 16, 32])
@pytest.mark.parametrize("make", [dcgan, sngan])
def test_other_image_sizes_pass(make, pixels):
    pair = make(10, pixels=pixels, width=0.25)
    labels = torch.arange(3)
    images = pair.generator(torch.randn(3, pair.latent), labels)
    assert images.shape == (3, 3, pixels, pixels) and pair.critic(images, labels).shape == (3,)
    assert float(images.detach().abs().max()) <= 1


def test_layer_norm_keeps_the_samples_of_a_batch_apart_and_batch_norm_does_not():
    torch.manual_seed(0)
    images = torch.randn(4, 3, 32, 32)
    for norm, apart in (("layer", True), ("batch", False)):
        critic = dcgan(10, pixels=32, filters=8, head="linear", output="linear", norm=norm).critic
        alone, together = critic(images[:1]), critic(images)[:1]
        assert torch.allclose(alone, together, atol=1e-5) == apart


@pytest.mark.parametrize(
    "make, words", [(dcgan, {"pixels": 12}), (dcgan, {"norm": "none"}), (dcgan, {"head": "x"}), (sngan, {"pixels": 64})]
)
def test_bad_arguments_are_refused(make, words):
    with pytest.raises(ValueError):
        make(10, **words)
