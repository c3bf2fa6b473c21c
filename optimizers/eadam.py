"""EAdam (Yuan and Gao, arXiv 2011.02150): Adam whose eps is kept in the second moment.

    g <- g + weight_decay p
    m <- b1 m + (1 - b1) g
    v <- b2 v + (1 - b2) g^2 + eps              eps stays in v
    p <- p - lr m_hat / sqrt(v_hat)             m_hat = m / (1 - b1^t), v_hat = v / (1 - b2^t)

The trap: eps accumulates to eps / (1 - b2), so it has to be chosen as AdaBelief's, about the square of Adam's.
"""

from math import sqrt

from .base import RuleOptimizer

REVISION = 1


def scalars(t, lr, betas):
    b1, b2 = betas
    return {"step_size": lr * sqrt(1 - b2**t) / (1 - b1**t)}


def eadam(p, g, m, v, *, step_size, betas, eps, weight_decay):
    """Update p, m and v in place.

    p, g, m, v: tensors of one shape, or lists of them
    step_size: float or 0-dim tensor
    betas: two floats; eps, weight_decay: floats
    """
    b1, b2 = betas
    if weight_decay:
        g = g.add(p, alpha=weight_decay)
    m.lerp_(g, 1 - b1)
    v.mul_(b2).addcmul_(g, g, value=1 - b2).add_(eps)
    p.addcdiv_(m, v.sqrt(), value=-step_size)


class EAdam(RuleOptimizer):
    """EAdam. Slots: exp_avg (m) and exp_avg_sq (v)."""

    slots = ("exp_avg", "exp_avg_sq")
    rule = staticmethod(eadam)
    scalars = staticmethod(scalars)

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, mode="auto"):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay), mode)
