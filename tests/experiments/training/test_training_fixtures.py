"""Training steps of the official code (models, AdaBelief 0.0.5, cross-entropy), end to end in float64."""

import json
from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

from experiments.training.loop import optimizer_step
from experiments.training.task import OptimizerStep, Player
from models.densenet import DenseNet121
from models.resnet import ResNet34
from models.vgg import VGG11
from optimizers import AdaBelief
from tests.formula import fill, wave

FIXTURES = json.loads((Path(__file__).parents[2] / "oracles" / "training_fixtures.json").read_text())
MODELS = {"vgg11": lambda: VGG11(dropout=0.0), "resnet34": ResNet34, "densenet121": DenseNet121}


@pytest.mark.parametrize("case", FIXTURES["cases"], ids=lambda case: case["case"])
@pytest.mark.parametrize("mode", ["foreach"])
def test_training_steps_equal_the_official_ones(case, mode):
    torch.set_num_threads(1)
    module = MODELS[case["case"]]().double()
    fill(module)
    player = Player(module, AdaBelief(module.parameters(), mode=mode, **case["kwargs"]))
    module.train()
    for step, expected in enumerate(case["steps"]):
        x = wave((case["batch"], 3, 32, 32), 0.1 + 0.01 * step, 0)
        y = (3 * torch.arange(case["batch"]) + step) % 10
        logs = optimizer_step(OptimizerStep(player, lambda x=x, y=y: with_log(F.cross_entropy(module(x), y))), "fp32")
        weights = torch.cat([p.detach().flatten() for p in module.parameters()])
        assert float(logs["loss"][0]) == pytest.approx(expected["loss"], rel=1e-8)
        assert float(weights.sum()) == pytest.approx(expected["sum"], rel=1e-8)
        assert float(weights.abs().sum()) == pytest.approx(expected["abs_sum"], rel=1e-8)
        assert float(weights.square().sum()) == pytest.approx(expected["square_sum"], rel=1e-8)
    module.eval()
    with torch.no_grad():
        logits = module(wave((2, 3, 32, 32), 0.1, 0))
    torch.testing.assert_close(logits, torch.tensor(case["final_eval"], dtype=torch.float64), rtol=1e-8, atol=1e-8)


def with_log(loss):
    return loss, {"loss": (loss.detach(), 1)}
