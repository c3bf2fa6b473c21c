"""Every optimizer against independent implementations: stored official trajectories, torch, adabelief-pytorch."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from optimizers import ADOPT, SGD, AdaBelief, AdaBeliefVariant, AdaBound, Adam, Adan, AMSGrad, Lion, RAdam, RMSprop
from tests.optimizers.cases import TRAJECTORIES

STORED = np.load(Path(__file__).parents[1] / "oracles" / "trajectories.npz")
INDEX = json.loads(str(STORED["index"]))
NAMES = ("w", "b", "z")
BOTH = ["loop", "compiled"]


def follow(optimizer_of, mode=None, steps=INDEX["steps"], drop_after=INDEX["lr_times_0.1_after_step"]):
    """Parameters after each step on the stored gradients, the rate dropping as in the stored runs."""
    params = [torch.nn.Parameter(torch.tensor(STORED[f"init/{name}"])) for name in NAMES]
    optimizer, history = optimizer_of(params), []
    if mode is not None:
        optimizer.mode = mode
    for step in range(steps):
        for p, name in zip(params, NAMES):
            p.grad = torch.tensor(STORED[f"grad/{name}"][step])
        optimizer.step()
        history.append([p.detach().clone() for p in params])
        if step + 1 == drop_after:
            for group in optimizer.param_groups:
                group["lr"] *= 0.1
    return history


@pytest.mark.parametrize("mode", ["loop", "foreach", "compiled", "capturable"])
@pytest.mark.parametrize("case", TRAJECTORIES)
def test_equals_the_official_trajectory(case, mode):
    cls, arguments = TRAJECTORIES[case]
    history = follow(lambda params: cls(params, mode=mode, **arguments))
    for row, step in enumerate(INDEX["stored_steps"]):
        for name, value in zip(NAMES, history[step - 1]):
            expected = torch.tensor(STORED[f"{case}/{name}"][row])
            torch.testing.assert_close(value, expected, rtol=1e-12, atol=1e-12)


def test_every_stored_case_is_followed():
    assert {case["name"] for case in INDEX["cases"]} == set(TRAJECTORIES)


LIVE = {
    "SGD": (lambda p: SGD(p, lr=0.1, momentum=0.9, weight_decay=5e-4),
            lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=5e-4)),
    "Nesterov": (lambda p: SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=5e-4),
                 lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=5e-4)),
    "plain SGD": (lambda p: SGD(p, lr=0.1), lambda p: torch.optim.SGD(p, lr=0.1)),
    "Adam": (lambda p: Adam(p, weight_decay=5e-4), lambda p: torch.optim.Adam(p, weight_decay=5e-4)),
    "AdamW": (lambda p: Adam(p, weight_decay=1e-2, decoupled=True), lambda p: torch.optim.AdamW(p, weight_decay=1e-2)),
    "RAdam": (lambda p: RAdam(p, weight_decay=1e-2),
              lambda p: torch.optim.RAdam(p, weight_decay=1e-2, decoupled_weight_decay=True)),
    "RMSprop": (lambda p: RMSprop(p, weight_decay=1e-2), lambda p: torch.optim.RMSprop(p, weight_decay=1e-2)),
    "AMSGrad": (lambda p: AMSGrad(p, weight_decay=1e-2),
                lambda p: torch.optim.Adam(p, weight_decay=1e-2, amsgrad=True)),
}  # fmt: skip


@pytest.mark.parametrize("mode", BOTH)
@pytest.mark.parametrize("name", LIVE)
def test_equals_torch(name, mode):
    ours, theirs = LIVE[name]
    compare(follow(ours, mode), follow(theirs))


@pytest.mark.parametrize("mode", BOTH)
@pytest.mark.parametrize("decoupled", [False, True])
def test_equals_the_package_without_rectification(decoupled, mode):
    adabelief_pytorch = pytest.importorskip("adabelief_pytorch")
    theirs = lambda params: adabelief_pytorch.AdaBelief(  # noqa: E731
        params, lr=1e-3, eps=1e-8, weight_decay=1e-2, weight_decouple=decoupled, rectify=False, print_change_log=False
    )
    ours = lambda params: AdaBelief(params, lr=1e-3, eps=1e-8, weight_decay=1e-2, decoupled=decoupled)  # noqa: E731
    compare(follow(ours, mode), follow(theirs))


VARIANTS = {  # of the package's later versions: its arguments, and ours
    "AMS": (dict(rectify=False, amsgrad=True), dict(maximum="0.2.1")),
    "AMS, rectified": (dict(rectify=True, amsgrad=True), dict(rectify="0.2.1", maximum="0.2.1")),
    "rectified": (dict(rectify=True), dict(rectify="0.2.1")),
    "without SGD": (dict(rectify=True, degenerated_to_sgd=False), dict(rectify="0.2.1 without SGD")),
    "fixed decay": (dict(rectify=False, weight_decouple=True, fixed_decay=True), dict(decay="fixed")),
    "decoupled": (dict(rectify=True, weight_decouple=True), dict(rectify="0.2.1", decay="decoupled")),
}


@pytest.mark.parametrize("mode", BOTH)
@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_equals_the_later_package(name, mode):
    adabelief_pytorch = pytest.importorskip("adabelief_pytorch")
    theirs, ours = VARIANTS[name]
    same = dict(lr=1e-3, eps=1e-8, weight_decay=1e-2)
    package = lambda p: adabelief_pytorch.AdaBelief(  # noqa: E731
        p, **{"weight_decouple": False, "print_change_log": False, **same, **theirs}
    )
    compare(follow(lambda params: AdaBeliefVariant(params, **same, **ours), mode), follow(package))


def adan(params, package):
    return package.Adan(params, weight_decay=1e-2, weight_decouple=False)  # its proximal form


PACKAGES = {
    "adabound.AdaBound": (lambda p: AdaBound(p, weight_decay=5e-4), lambda p, m: m.AdaBound(p, weight_decay=5e-4)),
    "adopt.ADOPT": (lambda p: ADOPT(p, weight_decay=1e-2), lambda p, m: m.ADOPT(p, weight_decay=1e-2)),
    "lion_pytorch.Lion": (lambda p: Lion(p, weight_decay=1e-2), lambda p, m: m.Lion(p, weight_decay=1e-2)),
    "pytorch_optimizer.Adan": (lambda p: Adan(p, weight_decay=1e-2), adan),
    "timm.optim": (
        lambda p: AdaBelief(p, eps=1e-8, weight_decay=1e-2, decoupled=True),
        lambda p, m: m.AdaBelief(p, eps=1e-8, weight_decay=1e-2, rectify=False),
    ),
    "pytorch_optimizer.AdaBelief": (
        lambda p: AdaBelief(p, eps=1e-8), lambda p, m: m.AdaBelief(p, eps=1e-8, rectify=False),
    ),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("mode", BOTH)
@pytest.mark.parametrize("name", PACKAGES)
def test_equals_a_package(name, mode):
    module = pytest.importorskip("timm.optim" if name == "timm.optim" else name.partition(".")[0])
    ours, theirs = PACKAGES[name]
    compare(follow(ours, mode), follow(lambda params: theirs(params, module)))


def compare(ours, theirs):
    for a, b in zip(ours, theirs):
        torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-12)
