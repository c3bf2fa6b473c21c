"""Fromage (Bernstein et al., NeurIPS 2020, arXiv 2002.03432), implemented from its formula.

    p <- (p - lr g |p| / |g|) / sqrt(1 + lr^2)  norms over the whole tensor; without the quotient where either is zero

The trap: norms are per tensor, never per element; and the division is the only decay (5e-5 a step at lr 0.01), the
weight decay in the official file names never reached this optimizer.
"""

from math import sqrt

from .base import RuleOptimizer

REVISION = 1


def scalars(t, lr):
    return {"step_size": lr, "divisor": sqrt(1 + lr**2)}


def fromage(p, g, *, step_size, divisor):
    """Update p in place.

    p, g: tensors of one shape, or lists of them
    step_size, divisor: floats or 0-dim tensors
    """
    p_norm, g_norm = p.norm(), g.norm()
    either_zero = p_norm.eq(0).logical_or_(g_norm.eq(0))
    ratio = p_norm.div(g_norm).masked_fill_(either_zero, 1.0)
    p.sub_(g.mul(ratio).mul_(step_size)).div_(divisor)


class Fromage(RuleOptimizer):
    """Fromage. No slots, no decay; the default lr is the paper's."""

    slots = ()
    rule = staticmethod(fromage)
    scalars = staticmethod(scalars)

    def __init__(self, params, lr=1e-2, mode="auto"):
        super().__init__(params, dict(lr=lr), mode)
