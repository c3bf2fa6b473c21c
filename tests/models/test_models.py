"""The networks against the official code's forward passes, counts and gradients, in float64."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from models.densenet import DenseNet121
from models.norm import draw_norm_scales
from models.resnet import ResNet34
from models.vgg import VGG11
from tests.formula import fill, wave

ROOT = Path(__file__).parents[2]
MODELS = {"vgg11": VGG11, "resnet34": ResNet34, "densenet121": DenseNet121}
CASES = json.loads((ROOT / "tests/oracles/model_fixtures.json").read_text())["cases"]
BY_NAME = [pytest.param(case, id=f"{case['model']}-{case['classes']}") for case in CASES]


@pytest.fixture(autouse=True)
def one_thread():
    """Small tensors on several threads wait for each other, for minutes where other work shares the cores."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize("case", BY_NAME)
def test_parameters_have_the_official_shapes(case):
    model = MODELS[case["model"]](classes=case["classes"])
    parameters = list(model.parameters())
    assert sum(p.numel() for p in parameters) == case["parameters"]
    assert len(parameters) == case["tensors"]
    assert Counter(str(tuple(p.shape)) for p in parameters) == case["shapes"]


@pytest.mark.parametrize("case", BY_NAME)
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last], ids=["nchw", "nhwc"])
def test_forward_and_gradient_equal_the_official_ones(case, layout):
    model = MODELS[case["model"]](classes=case["classes"]).double()
    fill(model)
    model.to(memory_format=layout)
    with torch.inference_mode():
        output = model.eval()(wave(tuple(case["input"]), 0.1, 0.0).contiguous(memory_format=layout))
    expected = torch.tensor(case["eval_output"], dtype=torch.float64)
    torch.testing.assert_close(output, expected, rtol=1e-8, atol=1e-8 * expected.abs().max().item())
    if "train_loss" in case:
        images = wave(tuple(case["train_input"]), 0.1, 0.0).contiguous(memory_format=layout)
        loss = F.cross_entropy(model.train()(images), torch.arange(4))
        loss.backward()
        norm = torch.stack([p.grad.norm() for p in model.parameters()]).norm()
        assert loss.item() == pytest.approx(case["train_loss"], rel=1e-8)
        assert norm.item() == pytest.approx(case["train_grad_norm"], rel=1e-8)


def test_vgg_convolutions_start_from_a_normal_and_the_rest_from_torchs_default():
    torch.manual_seed(0)
    model = VGG11()
    convolutions = [m for m in model.modules() if isinstance(m, nn.Conv2d)]
    for layer in convolutions:
        std = math.sqrt(2 / (9 * layer.out_channels))
        assert layer.weight.std().item() == pytest.approx(std, rel=0.06)
        assert layer.weight.abs().max() > 2.5 * std  # a uniform of this spread ends at 1.73
        assert layer.bias is not None and layer.bias.eq(0).all()
    bound = 1 / math.sqrt(512)
    for linear in (m for m in model.modules() if isinstance(m, nn.Linear)):
        assert 0.4 * bound < linear.bias.abs().max() <= bound
        assert 0.99 * bound < linear.weight.abs().max() <= bound


@pytest.mark.parametrize("name", ["resnet34", "densenet121"])
def test_other_networks_keep_torchs_default(name):
    torch.manual_seed(0)
    for layer in MODELS[name]().modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            bound = 1 / math.sqrt(layer.weight[0].numel())
            assert 0.97 * bound < layer.weight.abs().max() <= bound
        elif isinstance(layer, nn.BatchNorm2d):
            assert layer.weight.eq(1).all() and layer.bias.eq(0).all()
            assert layer.eps == 1e-5 and layer.momentum == 0.1


def test_vgg_drops_before_the_first_two_linear_layers_only():
    assert [type(m).__name__ for m in VGG11().classifier] == (
        ["Dropout", "Linear", "ReLU", "Dropout", "Linear", "ReLU", "Linear"]
    )
    assert [m.p for m in VGG11(dropout=0.2).modules() if isinstance(m, nn.Dropout)] == [0.2, 0.2]


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("pixels", [8, 16, 32, 64])
def test_other_image_sizes_pass(name, pixels):
    assert MODELS[name](classes=7, width=0.25)(torch.rand(2, 3, pixels, pixels)).shape == (2, 7)


def test_width_scales_channels():
    assert VGG11(width=0.25).features[0].out_channels == 16
    assert DenseNet121(width=0.25).conv.out_channels == 16
    assert DenseNet121(width=0.25).linear.in_features == 256
    assert ResNet34(width=0.5).linear.in_features == 256


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("arguments", [{"width": 0.0}, {"width": -1.0}, {"classes": 0}])
def test_bad_arguments_are_refused(name, arguments):
    with pytest.raises(ValueError, match="must be positive, got classes="):
        MODELS[name](**arguments)


@pytest.mark.parametrize("width", [1 / 64, 1 / 8, 1 / 5, 1 / 4])
def test_no_projection_has_fewer_than_16_input_channels(width):
    layers = [m for m in ResNet34(width=width).modules() if isinstance(m, nn.Conv2d)]
    projections = [m for m in layers if m.kernel_size == (1, 1) and m.stride == (2, 2)]
    assert len(projections) == 3
    assert min(m.in_channels for m in projections) >= 16


# What the floor guards against corrupts the heap or hangs, hence a process of its own. Whether a network
# without the floor dies depends on the processor; with 4 channels and AVX2 code it does (oneDNN issue 6035).
@pytest.mark.parametrize(("width", "instructions"), [(1 / 8, ""), (1 / 16, "AVX2")])
def test_a_narrow_resnet_trains_in_channels_last(width, instructions):
    code = f"""
import torch
from models.resnet import ResNet34
model = ResNet34(width={width}).to(memory_format=torch.channels_last)
for _ in range(2):
    images = torch.rand(8, 3, 32, 32).contiguous(memory_format=torch.channels_last)
    model(images).sum().backward()
"""
    environment = os.environ | {"ONEDNN_MAX_CPU_ISA": instructions}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, env=environment, timeout=120, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_norm_scales_are_redrawn_from_the_unit_interval():
    model = ResNet34(width=0.25)
    biases = [m.bias.clone() for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
    draw_norm_scales(model, "uniform", torch.Generator().manual_seed(1))
    layers = [m for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
    scales = torch.cat([m.weight.detach() for m in layers])
    assert scales.min() >= 0 and scales.max() < 1 and abs(scales.mean() - 0.5) < 0.02
    assert all(torch.equal(m.bias, bias) for m, bias in zip(layers, biases, strict=True))
    again = ResNet34(width=0.25)
    draw_norm_scales(again, "uniform", torch.Generator().manual_seed(1))
    redrawn = torch.cat([m.weight.detach() for m in again.modules() if isinstance(m, nn.BatchNorm2d)])
    assert torch.equal(redrawn, scales)


def test_norm_scales_of_one_draw_nothing():
    model, generator = ResNet34(width=0.25), torch.Generator().manual_seed(1)
    before = generator.get_state()
    draw_norm_scales(model, "ones", generator)
    assert torch.equal(generator.get_state(), before)
    assert all(m.weight.eq(1).all() for m in model.modules() if isinstance(m, nn.BatchNorm2d))


def test_an_unknown_kind_of_norm_scale_is_refused():
    with pytest.raises(ValueError, match="one of uniform, ones, got 'zeros'"):
        draw_norm_scales(nn.BatchNorm2d(2), "zeros", torch.Generator())
