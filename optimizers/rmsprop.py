"""RMSprop (Tieleman and Hinton, lecture 6.5, 2012), in torch's plain form: no momentum, not centred.

    g <- g + weight_decay p
    v <- a v + (1 - a) g^2
    p <- p - lr g / (sqrt(v) + eps)

The trap: v starts at zero and is not corrected, so the first step is lr / sqrt(1 - a) long: ten times lr at a = 0.99.
"""

from .base import RuleOptimizer

REVISION = 1


def scalars(t, lr):
    return {"step_size": lr}


def rmsprop(p, g, v, *, step_size, alpha, eps, weight_decay):
    """Update p and v in place.

    p, g, v: tensors of one shape, or lists of them
    step_size: float or 0-dim tensor
    alpha, eps, weight_decay: floats
    """
    if weight_decay:
        g = g.add(p, alpha=weight_decay)
    v.mul_(alpha).addcmul_(g, g, value=1 - alpha)
    p.addcdiv_(g, v.sqrt().add_(eps), value=-step_size)


class RMSprop(RuleOptimizer):
    """RMSprop; defaults of torch. Slot: exp_avg_sq (v)."""

    slots = ("exp_avg_sq",)
    rule = staticmethod(rmsprop)
    scalars = staticmethod(scalars)

    def __init__(self, params, lr=1e-2, alpha=0.99, eps=1e-8, weight_decay=0.0, mode="auto"):
        super().__init__(params, dict(lr=lr, alpha=alpha, eps=eps, weight_decay=weight_decay), mode)
