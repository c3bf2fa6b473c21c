"""Padam (Chen et al., IJCAI 2020, arXiv 1806.06763); with power 1/2, AMSGrad (Reddi et al., ICLR 2018).

    g <- g + weight_decay p
    m <- b1 m + (1 - b1) g
    v <- b2 v + (1 - b2) g^2
    x <- max(x, v)                              of the uncorrected v
    p <- p - lr sqrt(1 - b2^t) m_hat / (sqrt(x) + eps)^(2 power)        m_hat = m / (1 - b1^t)

The trap: the power belongs to v, not to its root: v^power = sqrt(v)^(2 power). Its experiments use 1/8, its class 1/4.
"""

from math import sqrt

from .base import RuleOptimizer

REVISION = 1


def scalars(t, lr, betas):
    b1, b2 = betas
    return {"step_size": lr * sqrt(1 - b2**t) / (1 - b1**t)}


def padam(p, g, m, v, x, *, step_size, betas, eps, power, weight_decay):
    """Update p, m, v and x in place.

    p, g, m, v, x: tensors of one shape, or lists of them
    step_size: float or 0-dim tensor
    betas: two floats; eps, power, weight_decay: floats
    """
    b1, b2 = betas
    if weight_decay:
        g = g.add(p, alpha=weight_decay)
    m.lerp_(g, 1 - b1)
    v.mul_(b2).addcmul_(g, g, value=1 - b2)
    x.copy_(x.maximum(v))
    p.addcdiv_(m, x.sqrt().add_(eps).pow_(2 * power), value=-step_size)


class Padam(RuleOptimizer):
    """Padam; defaults of its experiments. Slots: exp_avg (m), exp_avg_sq (v), max_exp_avg_sq (x)."""

    slots = ("exp_avg", "exp_avg_sq", "max_exp_avg_sq")
    rule = staticmethod(padam)
    scalars = staticmethod(scalars)

    def __init__(self, params, lr=0.1, betas=(0.9, 0.999), eps=1e-8, power=0.125, weight_decay=5e-4, mode="auto"):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, power=power, weight_decay=weight_decay), mode)
