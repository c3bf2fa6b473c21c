"""Every rule against a few lines of plain Python on one number, typed from the papers' algorithms and nothing else."""

from math import copysign, inf, sqrt

import pytest
import torch

from optimizers import (
    ADOPT,
    MSVAG,
    SGD,
    AdaBelief,
    AdaBeliefVariant,
    AdaBound,
    AdaDiff,
    AdaDiffVariant,
    Adam,
    Adan,
    AMSGrad,
    EAdam,
    Fromage,
    Lion,
    Padam,
    RAdam,
    RMSprop,
    Yogi,
)

GRADIENTS = [0.3, -0.7, 0.02, 0.0, 1.5, -1e-4, 0.3, 0.3, -2.0, 0.1, 0.05, -0.4]
LR, WD, B1, B2 = 1e-2, 0.1, 0.9, 0.99
BETAS = {"lr": LR, "betas": (B1, B2), "weight_decay": WD}


def decayed(g, p, decoupled):
    """The gradient and the parameter that a step goes on with."""
    return (g, p - LR * WD * p) if decoupled else (g + WD * p, p)


def adabelief(decoupled=False, eps=1e-3, old=False, inner="kept", fixed=False, ams=False):
    p, m, s, largest = (yield), 0.0, 0.0, 0.0
    for t in range(1, 1000):
        g = yield p
        if fixed or decoupled:
            p -= (1 if fixed else LR) * WD * p
        else:
            g += WD * p
        before, m = m, B1 * m + (1 - B1) * g
        s = B2 * s + (1 - B2) * (g - (before if old else m)) ** 2
        if ams:  # as in 0.0.5: eps enters the maximum
            largest = max(largest, s) + eps
        elif inner == "kept":
            s += eps
        s_hat = (largest if ams else s + eps if inner == "this step" else s) / (1 - B2**t)
        p -= LR * (m / (1 - B1**t)) / (sqrt(s_hat) + eps)


def adam(decoupled=False, eps=1e-3, ams=False):
    p, m, v, largest = (yield), 0.0, 0.0, 0.0
    for t in range(1, 1000):
        g = yield p
        if decoupled:
            p -= LR * WD * p
        else:
            g += WD * p
        m, v = B1 * m + (1 - B1) * g, B2 * v + (1 - B2) * g * g
        largest = max(largest, v)
        p -= LR * (m / (1 - B1**t)) / (sqrt((largest if ams else v) / (1 - B2**t)) + eps)


def adabound(eps=1e-3, final_lr=0.5, gamma=0.1, ams=False, decoupled=False):
    p, m, v, largest = (yield), 0.0, 0.0, 0.0
    for t in range(1, 1000):
        g, p = decayed((yield p), p, decoupled)
        m, v = B1 * m + (1 - B1) * g, B2 * v + (1 - B2) * g * g
        largest = max(largest, v)
        rate = LR * sqrt(1 - B2**t) / (1 - B1**t) / (sqrt(largest if ams else v) + eps)
        low, high = final_lr * (1 - 1 / (gamma * t + 1)), final_lr * (1 + 1 / (gamma * t))
        p -= min(max(rate, low), high) * m


def second_moment(add_eps, add_change):
    """EAdam, and AdaDiff with the gradient's change."""
    p, m, v, last, eps = (yield), 0.0, 0.0, 0.0, 1e-3
    for t in range(1, 1000):
        g = (yield p) + WD * p
        m = B1 * m + (1 - B1) * g
        v = B2 * v + (1 - B2) * (g * g + (add_change * (g - last)) ** 2) + add_eps * eps
        last = g
        p -= LR * (m / (1 - B1**t)) / sqrt(v / (1 - B2**t))


def sibling(form, eps=1e-3):
    p, m, v, last = (yield), 0.0, 0.0, 0.0
    for t in range(1, 1000):
        g = (yield p) + WD * p
        m = B1 * m + (1 - B1) * g
        grown = {"ada1": g**2 + (g - last) ** 2, "ada3": (g - last) ** 2, "ada4": max((g - m) ** 2, g**2)}[form]
        v, last = B2 * v + (1 - B2) * grown + (0 if form == "ada1" else eps), g
        p -= LR * sqrt(1 - B2**t) / (1 - B1**t) * m / (sqrt(v) + (eps if form == "ada1" else 0))


def adan(b1=0.9, b2=0.8, b3=0.99, eps=1e-3):
    p, m, v, n, last = (yield), 0.0, 0.0, 0.0, None
    for t in range(1, 1000):
        g = yield p
        d = 0.0 if last is None else g - last
        m, v, last = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * d, g
        n = b3 * n + (1 - b3) * (g + b2 * d) ** 2
        move = m / (1 - b1**t) + b2 * v / (1 - b2**t)
        p = (p - LR * move / (sqrt(n / (1 - b3**t)) + eps)) / (1 + LR * WD)


def adopt(clip=0.25, eps=1e-3, first_form=False):
    p, m, v = (yield), 0.0, 0.0
    for k in range(1000):
        g = yield p
        if k == 0:
            v = g * g
            p -= LR * WD * p if first_form else 0
            continue
        p -= LR * WD * p
        n = g / max(sqrt(v), eps)
        if not first_form:
            n = min(max(n, -(k**clip)), k**clip)
        m = n if first_form and k == 1 else B1 * m + (1 - B1) * n
        p -= LR * m
        v = B2 * v + (1 - B2) * g * g


def fromage():
    p = yield
    while True:
        g = yield p
        move = LR * g * abs(p) / abs(g) if g and p else LR * g
        p = (p - move) / sqrt(1 + LR * LR)


def lion():
    p, m = (yield), 0.0
    while True:
        g = yield p
        p -= LR * WD * p
        c = B1 * m + (1 - B1) * g
        p -= LR * (copysign(1, c) if c else 0)
        m = B2 * m + (1 - B2) * g


def msvag(beta=0.9, decoupled=False):
    p, m, v = (yield), 0.0, 0.0
    for t in range(1, 1000):
        g, p = decayed((yield p), p, decoupled)
        m, v = beta * m + (1 - beta) * g, beta * v + (1 - beta) * g * g
        m_hat, v_hat = m / (1 - beta**t), v / (1 - beta**t)
        rho = (1 - beta) * (1 + beta**t) / ((1 + beta) * (1 - beta**t))
        variance = (v_hat - m_hat**2) / (1 - rho) if t > 1 else inf
        p -= LR * m_hat * m_hat**2 / (m_hat**2 + rho * variance)


def padam(power=0.2, eps=1e-3):
    p, m, v, largest = (yield), 0.0, 0.0, 0.0
    for t in range(1, 1000):
        g = (yield p) + WD * p
        m, v = B1 * m + (1 - B1) * g, B2 * v + (1 - B2) * g * g
        largest = max(largest, v)
        p -= LR * sqrt(1 - B2**t) / (1 - B1**t) * m / (sqrt(largest) + eps) ** (2 * power)


def radam(eps=1e-3):
    p, m, v, limit = (yield), 0.0, 0.0, 2 / (1 - B2) - 1
    for t in range(1, 1000):
        g = yield p
        p -= LR * WD * p
        m, v = B1 * m + (1 - B1) * g, B2 * v + (1 - B2) * g * g
        rho, m_hat = limit - 2 * t * B2**t / (1 - B2**t), m / (1 - B1**t)
        if rho < 5:
            p -= LR * m_hat
        else:
            r = sqrt((rho - 4) * (rho - 2) * limit / ((limit - 4) * (limit - 2) * rho))
            p -= LR * r * m_hat * sqrt(1 - B2**t) / (sqrt(v) + eps)


def rmsprop(alpha=0.9, eps=1e-3):
    p, v = (yield), 0.0
    while True:
        g = (yield p) + WD * p
        v = alpha * v + (1 - alpha) * g * g
        p -= LR * g / (sqrt(v) + eps)


def sgd(momentum=0.9, nesterov=False, decoupled=False):
    p, u = (yield), 0.0
    while True:
        g, p = decayed((yield p), p, decoupled)
        u = momentum * u + g
        p -= LR * (g + momentum * u if nesterov else u)


def yogi(eps=1e-3, start=1e-6, decoupled=False):
    p, m, v = (yield), start, start
    for t in range(1, 1000):
        g, p = decayed((yield p), p, decoupled)
        m = B1 * m + (1 - B1) * g
        difference = v - g * g
        v -= (1 - B2) * (copysign(1, difference) if difference else 0) * g * g
        p -= LR * (m / (1 - B1**t)) / (sqrt(v / (1 - B2**t)) + eps)


EPS = {"eps": 1e-3}
CASES = {
    "AdaBelief": (adabelief(), AdaBelief, {**BETAS, **EPS}),
    "AdaBelief, decoupled": (adabelief(decoupled=True), AdaBelief, {**BETAS, **EPS, "decoupled": True}),
    "AdaBelief, old mean": (adabelief(old=True), AdaBeliefVariant, {**BETAS, **EPS, "residual": "old mean"}),
    "AdaBelief, no inner eps": (adabelief(inner="none"), AdaBeliefVariant, {**BETAS, **EPS, "inner_eps": "none"}),
    "AdaBelief, eps not kept": (adabelief(inner="this step"), AdaBeliefVariant,
                                {**BETAS, **EPS, "inner_eps": "this step"}),
    "AdaBelief's variant, decoupled": (adabelief(decoupled=True), AdaBeliefVariant,
                                       {**BETAS, **EPS, "decay": "decoupled"}),
    "AdaBelief, fixed decay": (adabelief(fixed=True), AdaBeliefVariant, {**BETAS, **EPS, "decay": "fixed"}),
    "AdaBelief, AMS": (adabelief(ams=True), AdaBeliefVariant, {**BETAS, **EPS, "maximum": "0.0.5"}),
    "Adam": (adam(), Adam, {**BETAS, **EPS}),
    "AdamW": (adam(decoupled=True), Adam, {**BETAS, **EPS, "decoupled": True}),
    "AMSGrad": (adam(ams=True), AMSGrad, {**BETAS, **EPS}),
    "AdaBound": (adabound(), AdaBound, {**BETAS, **EPS, "final_lr": 0.5, "gamma": 0.1}),
    "AMSBound": (adabound(ams=True), AdaBound, {**BETAS, **EPS, "final_lr": 0.5, "gamma": 0.1, "amsbound": True}),
    "EAdam": (second_moment(1, 0), EAdam, {**BETAS, **EPS}),
    "AdaDiff": (second_moment(1, 1), AdaDiff, {**BETAS, **EPS}),
    **{form: (sibling(form), AdaDiffVariant, {**BETAS, **EPS, "form": form}) for form in ("ada1", "ada3", "ada4")},
    "Adan": (adan(), Adan, {**BETAS, **EPS, "betas": (0.9, 0.8, 0.99)}),
    "ADOPT": (adopt(), ADOPT, {**BETAS, **EPS, "decoupled": True}),
    "ADOPT, first form": (adopt(first_form=True), ADOPT,
                          {**BETAS, **EPS, "decoupled": True, "form": "first published"}),
    "Fromage": (fromage(), Fromage, {"lr": LR}),
    "Lion": (lion(), Lion, BETAS),
    "MSVAG": (msvag(), MSVAG, {"lr": LR, "weight_decay": WD}),
    "Padam": (padam(), Padam, {**BETAS, **EPS, "power": 0.2}),
    "RAdam": (radam(), RAdam, {**BETAS, **EPS}),
    "RMSprop": (rmsprop(), RMSprop, {"lr": LR, "alpha": 0.9, "weight_decay": WD, **EPS}),
    "SGD": (sgd(), SGD, {"lr": LR, "momentum": 0.9, "weight_decay": WD}),
    "Nesterov": (sgd(nesterov=True), SGD, {"lr": LR, "momentum": 0.9, "weight_decay": WD, "nesterov": True}),
    "Yogi": (yogi(), Yogi, {**BETAS, **EPS}),
    "AdaBound, decoupled": (adabound(decoupled=True), AdaBound,
                            {**BETAS, **EPS, "final_lr": 0.5, "gamma": 0.1, "decoupled": True}),
    "MSVAG, decoupled": (msvag(decoupled=True), MSVAG, {"lr": LR, "weight_decay": WD, "decoupled": True}),
    "SGD, decoupled": (sgd(decoupled=True), SGD,
                       {"lr": LR, "momentum": 0.9, "weight_decay": WD, "decoupled": True}),
    "Yogi, decoupled": (yogi(decoupled=True), Yogi, {**BETAS, **EPS, "decoupled": True}),
}  # fmt: skip


def followed(reference, start):
    next(reference)
    reference.send(start)
    return [reference.send(g) for g in GRADIENTS]


EXPECTED = {name: followed(reference, 0.8) for name, (reference, _, _) in CASES.items()}


@pytest.mark.parametrize("mode", ["loop", "foreach", "compiled"])
@pytest.mark.parametrize("name", CASES)
def test_equals_plain_python(name, mode):
    _, cls, arguments = CASES[name]
    p = torch.nn.Parameter(torch.tensor([0.8], dtype=torch.float64))
    optimizer, history = cls([p], mode=mode, **arguments), []
    for g in GRADIENTS:
        p.grad = torch.tensor([g], dtype=torch.float64)
        optimizer.step()
        history.append(float(p.detach()))
    assert history == pytest.approx(EXPECTED[name], rel=1e-11)
