"""Siblings of AdaDiff from the same repository (deerOfHd/AdaDiff_v1, July 2021); the published one is `AdaDiff`.

    g <- g + weight_decay p
    m <- b1 m + (1 - b1) g
    ada1: v <- b2 v + (1 - b2) (g^2 + (g - g')^2)           g' the gradient before, zero at first
          p <- p - lr sqrt(1 - b2^t) m_hat / (sqrt(v) + eps)
    ada3: v <- b2 v + (1 - b2) (g - g')^2 + eps             eps stays in v
    ada4: v <- b2 v + (1 - b2) max((g - m)^2, g^2) + eps    the new m
          p <- p - lr sqrt(1 - b2^t) m_hat / sqrt(v)        m_hat = m / (1 - b1^t)

The trap: under a constant gradient ada3's v dies away and its steps grow without bound but for eps.
"""

from math import sqrt

from .base import RuleOptimizer

REVISION = 1
FORMS = ("ada1", "ada3", "ada4")


def scalars(t, lr, betas):
    b1, b2 = betas
    return {"step_size": lr * sqrt(1 - b2**t) / (1 - b1**t)}


def adadiff_variant(p, g, m, v, previous=None, *, step_size, form, betas, eps, weight_decay):
    """Update p, m, v and previous in place.

    p, g, m, v: tensors of one shape, or lists of them; previous: likewise, or None
    step_size: float or 0-dim tensor
    betas: two floats; eps, weight_decay: floats; form: one of `FORMS`
    """
    b1, b2 = betas
    if weight_decay:
        g = g.add(p, alpha=weight_decay)
    m.lerp_(g, 1 - b1)
    change = g.sub(m if form == "ada4" else previous)
    v.mul_(b2)
    if form == "ada4":
        v.add_(change.mul(change).maximum(g.mul(g)), alpha=1 - b2)
    else:
        v.addcmul_(change, change, value=1 - b2)
    if form == "ada1":
        v.addcmul_(g, g, value=1 - b2)
        denominator = v.sqrt().add_(eps)
    else:
        denominator = v.add_(eps).sqrt()
    if form != "ada4":
        previous.copy_(g)  # only now: compiled for a GPU, torch 2.11 put a copy made earlier ahead of the change
    p.addcdiv_(m, denominator, value=-step_size)


class AdaDiffVariant(RuleOptimizer):
    """AdaDiff's siblings. Slots: exp_avg (m), exp_avg_sq (v), and previous_grad (g') but for ada4.

    Raises ValueError for a form that is not among `FORMS`.
    """

    slots = ("exp_avg", "exp_avg_sq", "previous_grad")
    rule = staticmethod(adadiff_variant)
    scalars = staticmethod(scalars)

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, form="ada3", mode="auto"):
        if form not in FORMS:
            raise ValueError(f"form must be one of {', '.join(FORMS)}, got {form!r}")
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, form=form), mode)

    def slots_of(self, group):
        return self.slots[:2] if group["form"] == "ada4" else self.slots
