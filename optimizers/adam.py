"""Adam (Kingma and Ba, ICLR 2015, arXiv 1412.6980); decoupled, AdamW (Loshchilov and Hutter, arXiv 1711.05101).

    g <- g + weight_decay p                     coupled decay, or decoupled: p <- p - lr weight_decay p
    m <- b1 m + (1 - b1) g
    v <- b2 v + (1 - b2) g^2
    p <- p - lr m_hat / (sqrt(v_hat) + eps)     m_hat = m / (1 - b1^t), v_hat = v / (1 - b2^t)

The trap: coupled decay is divided by sqrt(v) like any gradient, so "weight decay 5e-4" means something else in Adam
than in AdamW. The paper's Adam couples it, its AdamW does not.
"""

from math import sqrt

from .base import RuleOptimizer

REVISION = 1


def scalars(t, lr, betas, weight_decay):
    b1, b2 = betas
    return {
        "step_size": lr / (1 - b1**t),
        "bias_correction2_sqrt": sqrt(1 - b2**t),
        "decay_factor": 1 - lr * weight_decay,
    }


def adam(p, g, m, v, *, step_size, bias_correction2_sqrt, decay_factor, betas, eps, weight_decay, decoupled):
    """Update p, m and v in place.

    p, g, m, v: tensors of one shape, or lists of them
    step_size, bias_correction2_sqrt, decay_factor: floats or 0-dim tensors
    betas: two floats; eps, weight_decay: floats; decoupled: bool
    """
    b1, b2 = betas
    if decoupled:
        p.mul_(decay_factor)
    elif weight_decay:
        g = g.add(p, alpha=weight_decay)
    m.lerp_(g, 1 - b1)
    v.mul_(b2).addcmul_(g, g, value=1 - b2)
    p.addcdiv_(m, v.sqrt().div_(bias_correction2_sqrt).add_(eps), value=-step_size)


class Adam(RuleOptimizer):
    """Adam, and AdamW with `decoupled=True`. Slots: exp_avg (m) and exp_avg_sq (v)."""

    slots = ("exp_avg", "exp_avg_sq")
    rule = staticmethod(adam)
    scalars = staticmethod(scalars)

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, decoupled=False, mode="auto"):
        defaults = dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, decoupled=decoupled)
        super().__init__(params, defaults, mode)
