"""The share of coordinates at the floor: what the watched rules say of themselves against their formulas."""

from math import sqrt

import pytest
import torch

from experiments.config.compose import compose, expected
from experiments.config.errors import UserError
from experiments.store.run_files import read_lines
from experiments.training.denominator_floor import Floor
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
    "adam": (lambda p: Adam(p, eps=1e-4), "exp_avg_sq", lambda s, root: s.sqrt() / root + 1e-4, 1e-4),
}  # fmt: skip


@pytest.mark.parametrize("make, slot, denominator, smallest", CASES.values(), ids=CASES)
def test_the_share_is_the_formulas(make, slot, denominator, smallest):
    optimizer, floor = trained(make)
    by_hand = denominator(second(optimizer, slot), sqrt(1 - B2**T))
    share = 100 * float((by_hand < 2 * smallest).double().mean())
    assert floor.share() == pytest.approx(share, abs=0.5)  # one or two coordinates lie at the line
    assert 20 < share < 80


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


def test_a_run_logs_it_and_in_slices_the_same(store):
    words = ["optimizer=adabelief", "epochs=3", "at_floor=true"]
    whole = store.run(*words)[1] / "metrics.jsonl"
    assert [0 <= line["train/at_floor"] <= 100 for line in read_lines(whole)] == [True] * 3
    cut = type(store)(store.path / "cut")
    statuses = [cut.run(*words, "max_seconds=0") for _ in range(3)]
    assert [status for status, _ in statuses] == ["unfinished", "unfinished", "complete"]
    assert (statuses[-1][1] / "metrics.jsonl").read_bytes() == whole.read_bytes()


def test_a_refusal_leaves_nothing_behind(store):
    with pytest.raises(UserError, match="Fromage has none"):
        store.run("optimizer=fromage", "at_floor=true")
    assert not list(store.path.rglob("config.yaml"))


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
