"""AdaDiff (deerOfHd/AdaDiff_v1, 2021), the released method: Adam whose second moment also holds the gradient's change.

    g <- g + weight_decay p                     before everything, so it also enters the stored gradient
    m <- b1 m + (1 - b1) g
    v <- b2 v + (1 - b2) (g^2 + (g - g')^2) + eps       g' is the previous g, zero at first; eps stays in v
    p <- p - lr m_hat / sqrt(v_hat)             m_hat = m / (1 - b1^t), v_hat = v / (1 - b2^t)

The trap: its prose suggests an average of differences alone; the algorithm box and the class average both. With
g' = 0 the first step is lr / sqrt(2).
"""

from math import sqrt

from .base import RuleOptimizer

REVISION = 1


def scalars(t, lr, betas):
    b1, b2 = betas
    return {"step_size": lr * sqrt(1 - b2**t) / (1 - b1**t)}


def adadiff(p, g, m, v, previous, *, step_size, betas, eps, weight_decay):
    """Update p, m, v and previous in place.

    p, g, m, v, previous: tensors of one shape, or lists of them
    step_size: float or 0-dim tensor
    betas: two floats; eps, weight_decay: floats
    """
    b1, b2 = betas
    if weight_decay:
        g = g.add(p, alpha=weight_decay)
    m.lerp_(g, 1 - b1)
    change = g.sub(previous)
    v.mul_(b2).addcmul_(g, g, value=1 - b2).addcmul_(change, change, value=1 - b2).add_(eps)
    previous.copy_(g)
    p.addcdiv_(m, v.sqrt(), value=-step_size)


class AdaDiff(RuleOptimizer):
    """AdaDiff. Slots: exp_avg (m), exp_avg_sq (v), previous_grad (g')."""

    slots = ("exp_avg", "exp_avg_sq", "previous_grad")
    rule = staticmethod(adadiff)
    scalars = staticmethod(scalars)

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, mode="auto"):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay), mode)
