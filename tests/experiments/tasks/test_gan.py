"""The GAN task: official training steps, turns, clipping, the penalty, resuming, scoring later."""

import json
from functools import partial
from pathlib import Path

import pytest
import torch

from data.digits import digits
from experiments.tasks.gan import GAN
from experiments.training.loop import optimizer_step
from models.dcgan import dcgan
from models.pair import gradient_penalty
from optimizers import SGD, AdaBelief
from tests.formula import fill, wave

CASES = json.loads((Path(__file__).parents[2] / "oracles" / "gan_fixtures.json").read_text())["training"]
HEADS = {"wgan": {"head": "convolution", "output": "sigmoid"}, "wgan-gp": {"head": "linear", "output": "linear"}}
PIXELS = {"space": "pixels", "fakes": 64, "reals": "train", "stretch": False, "quantise": True}


def toy(model=None, optimizer=None, pixels=8, **more):
    model, optimizer = model or partial(dcgan, filters=4), optimizer or partial(SGD, lr=0.1, mode="loop")
    words = dict(batch_size=16, loss="wasserstein", every=5, generator_at=0, seed=0, device="cpu", noise="shared",
                 score=PIXELS)  # fmt: skip
    return GAN(digits(pixels), model, optimizer, **{**words, **more})


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_training_steps_equal_the_official_ones(case, monkeypatch):
    """Order of the steps, noise used twice, clipping, penalty, in float64."""
    n, penalty = case["batch"], 10 if case["case"] == "wgan-gp" else None
    optimizer = partial(AdaBelief, mode="loop", **case["kwargs"])
    task = toy(partial(dcgan, **HEADS[case["case"]]), optimizer, 64, clip=case["clip"], penalty=penalty)
    for player in task.players.values():
        fill(player.module.double().train())
    for number, expected in enumerate(case["steps"]):
        noise = wave((n, 100), 0.3, number), torch.zeros(n, dtype=torch.int64)
        monkeypatch.setattr(task, "draw_noise", lambda *_, noise=noise: noise)
        monkeypatch.setattr(task, "share", lambda _, number=number: 0.5 + 0.5 * wave((n, 1, 1, 1), 0.7, number))
        logs = {}
        for step in task.optimizer_steps((wave((n, 3, 64, 64), 0.1 + 0.01 * number, 0), noise[1]), number):
            logs |= optimizer_step(step, "fp32")
        for name in ("critic_loss", "penalty", "generator_loss"):
            assert (name in logs) == (name in expected)
            if name in expected:
                assert float(logs[name][0]) / n == pytest.approx(expected[name], rel=1e-8)
        for name, player in task.players.items():
            weights = torch.cat([p.detach().flatten() for p in player.module.parameters()])
            assert float(weights.sum()) == pytest.approx(expected[name]["sum"], rel=1e-8)
            assert float(weights.abs().sum()) == pytest.approx(expected[name]["abs_sum"], rel=1e-8)
            assert float(weights.square().sum()) == pytest.approx(expected[name]["square_sum"], rel=1e-8)


def players(task, batches=11):
    """Who takes its turn at each batch."""
    found = []
    for index, batch in zip(range(batches), task.batches(0)):
        turns = []
        for step in task.optimizer_steps(batch, index):
            optimizer_step(step, "fp32")
            turns.append(next(name for name, player in task.players.items() if player is step.player))
        found.append(turns)
    return found


@pytest.mark.parametrize("at", [0, 4])
def test_the_generator_follows_the_critic_at_one_batch_in_five(at):
    both = [index for index, turns in enumerate(players(toy(generator_at=at))) if turns == ["critic", "generator"]]
    assert both == list(range(at, 11, 5))


def test_every_parameter_of_the_critic_is_clipped_after_its_step():
    task = toy(clip=0.01)
    players(task, 2)
    assert max(float(p.detach().abs().max()) for p in task.critic.parameters()) <= 0.01
    assert max(float(p.detach().abs().max()) for p in task.generator.parameters()) > 0.01


def test_the_penalty_is_that_of_finite_differences():
    torch.manual_seed(0)
    critic = dcgan(10, pixels=8, filters=4, head="linear", output="linear", norm="layer").critic.double()
    images, samples = torch.randn(2, 3, 8, 8).double(), torch.randn(2, 3, 8, 8).double()
    labels, share = torch.zeros(2, dtype=torch.int64), torch.tensor([0.3, 0.8]).double().view(2, 1, 1, 1)
    between = share * images + (1 - share) * samples
    norms = []
    for i in range(2):
        slopes = []
        for j in range(between[0].numel()):
            step = torch.zeros(between[0].numel()).double()
            step[j] = 1e-6
            up, down = (critic((between[i].flatten() + s * step).view(1, 3, 8, 8)) for s in (1, -1))
            slopes.append(float((up - down).detach()) / 2e-6)
        norms.append(torch.tensor(slopes).norm())
    expected = ((torch.stack(norms) - 1) ** 2).mean()
    found = gradient_penalty(critic, images, samples, labels, share)
    assert float(found.detach()) == pytest.approx(float(expected), rel=1e-4)


def test_fresh_noise_differs_from_the_critics_and_shared_noise_does_not():
    for noise, same in (("shared", True), ("fresh", False)):
        task, seen = toy(noise=noise), []
        task.generator.register_forward_pre_hook(lambda _, args, seen=seen: seen.append(args[0].clone()))
        players(task, 1)
        assert torch.equal(seen[0], seen[1]) == same


def test_an_epoch_may_be_a_number_of_batches_of_whole_passes():
    task = toy(batches=200)  # of 16 images: 2.2 passes over 1,437
    sizes = [len(images) for images, _ in task.batches(0)]
    assert sizes == [16] * 200
    whole = toy()
    assert sum(len(images) for images, _ in whole.batches(0)) == 1437 and len(whole.batches(0)) == 90


def test_scores_are_repeatable_and_change_with_training():
    task = toy()
    scores = []
    for player in task.players.values():
        player.module.eval()
    with torch.no_grad():
        scores += [task.evaluate("test").scores["frechet_pixels"] for _ in range(2)]
    for player in task.players.values():
        player.module.train()
    players(task, 3)
    for player in task.players.values():
        player.module.eval()
    with torch.no_grad():
        scores.append(task.evaluate("test").scores["frechet_pixels"])
    assert scores[0] == scores[1] != scores[2]


@pytest.mark.parametrize("words", [{"loss": "x"}, {"noise": "x"}, {"generator_at": 5}, {"batch_size": 0}])
def test_what_makes_no_sense_is_refused(words):
    with pytest.raises(ValueError):
        toy(**words)
