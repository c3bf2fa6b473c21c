"""The share of coordinates at the floor: what the watched rules say of themselves against their formulas."""

from math import sqrt

import pytest
import torch

from experiments.compose import compose, expected
from experiments.errors import UserError
from experiments.floor import Floor
from optimizers import SGD, AdaBelief, AdaBeliefVariant, Adam, EAdam, Fromage, RMSprop

T, B2, EPS = 50, 0.999, 1e-8


def trained(make):
    """An optimizer and its floor after T noisy steps on gradients from 1e-7 to 1."""
    noise = torch.Generator().manual_seed(0)
    params = [
        torch.nn.Parameter(torch.randn(600, generator=noise)),
        torch.nn.Parameter(torch.randn(2, 3, generator=noise)),
    ]
    scale = torch.logspace(-7, 0, 600)
    optimizer = make(params)
    floor = Floor(optimizer)
    for _ in range(T):
        params[0].grad = torch.randn(600, generator=noise) * scale
        params[1].grad = torch.full((2, 3), 1.0)
        optimizer.step()
    return optimizer, floor


def second(optimizer, slot):
    return torch.cat([state[slot].double().flatten() for state in optimizer.state.values()])


CASES = {  # the denominator by hand, and the smallest it can have
    "adabelief": (AdaBelief, "exp_avg_var", lambda s, root: s.sqrt() / root + EPS, sqrt(EPS / (1 - B2)) + EPS),
    "this step": (
        lambda p: AdaBeliefVariant(p, inner_eps="this step"), "exp_avg_var",
        lambda s, root: (s + EPS).sqrt() / root + EPS, sqrt(EPS) / sqrt(1 - B2**T) + EPS,
    ),
    "eadam": (EAdam, "exp_avg_sq", lambda s, root: s.sqrt() / root, sqrt(EPS / (1 - B2))),
    "adam": (Adam, "exp_avg_sq", lambda s, root: s.sqrt() / root + EPS, EPS),
}  # fmt: skip


@pytest.mark.parametrize("make, slot, denominator, smallest", CASES.values(), ids=CASES)
def test_the_share_is_the_formulas(make, slot, denominator, smallest):
    optimizer, floor = trained(make)
    by_hand = denominator(second(optimizer, slot), sqrt(1 - B2**T))
    share = 100 * float((by_hand < 2 * smallest).double().mean())
    assert floor.share() == pytest.approx(share, abs=0.5)  # one or two coordinates lie at the line
    assert name_of(make) == "adam" or 20 < share < 80


def name_of(make):
    return make.__name__.lower()


def test_sgd_has_no_denominator():
    assert trained(lambda p: SGD(p, lr=0.1, momentum=0.9, weight_decay=0.1))[1].share() == 100


@pytest.mark.parametrize("make", [AdaBelief, Adam, lambda p: SGD(p, lr=0.1, momentum=0.9)])
def test_watching_changes_nothing(make):
    (watched, floor), (alone, _) = trained(make), trained(make)
    floor.share()
    for optimizer in (watched, alone):
        optimizer.step()
    for a, b in zip(watched.param_groups[0]["params"], alone.param_groups[0]["params"]):
        assert torch.equal(a, b)


def test_a_resumed_run_logs_the_same_share():
    optimizer, floor = trained(AdaBelief)
    floor.share()
    assert Floor(optimizer).share() == floor.share()


@pytest.mark.parametrize("make", [lambda p: SGD(p, lr=0.1), RMSprop, Fromage], ids=["sgd", "rmsprop", "fromage"])
def test_rules_without_a_momentum_are_refused(make):
    with pytest.raises(UserError, match="compares steps of equal momentum"):
        Floor(make([torch.zeros(1)]))


def test_other_optimizers_are_refused():
    with pytest.raises(UserError, match="at_floor=true asks for an optimizer of the suite, got NAdam"):
        Floor(torch.optim.NAdam([torch.zeros(1)]))


def test_an_override_with_spaces_is_one_cell():
    asked = compose(["model=vgg11", "optimizer=adabelief_variant", "optimizer.inner_eps=this step"])
    assert asked.cell.optimizer == "adabelief_variant,inner_eps=this step"
    assert expected(asked.cell).fingerprint == asked.fingerprint


def test_watching_is_no_part_of_a_runs_identity():
    assert compose(["at_floor=true"]).fingerprint == compose([]).fingerprint
