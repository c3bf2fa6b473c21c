"""AdaBelief (Zhuang et al., NeurIPS 2020, arXiv 2010.07468), as its experiments ran it: adabelief-pytorch 0.0.5.

    g <- g + weight_decay p                     coupled decay, or decoupled: p <- p - lr weight_decay p
    m <- b1 m + (1 - b1) g
    s <- b2 s + (1 - b2) (g - m)^2 + eps        the new m; eps stays in s
    p <- p - lr m_hat / (sqrt(s_hat) + eps)     m_hat = m / (1 - b1^t), s_hat = s / (1 - b2^t)

The trap: eps accumulates, so sqrt(s_hat) never falls below sqrt(eps / (1 - b2)), 3.16e-3 at eps = 1e-8. Coordinates
whose gradient noise is well below that are moved as by SGD with momentum. No rectification: packages from 0.1.0 on
rectify and decouple unless told otherwise, and so are a different optimizer under the same name.
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


def adabelief(p, g, m, s, *, step_size, bias_correction2_sqrt, decay_factor, betas, eps, weight_decay, decoupled):
    """Update p, m and s in place.

    p, g, m, s: tensors of one shape, or lists of them
    step_size, bias_correction2_sqrt, decay_factor: floats or 0-dim tensors
    betas: two floats; eps, weight_decay: floats; decoupled: bool
    """
    b1, b2 = betas
    if decoupled:
        p.mul_(decay_factor)
    elif weight_decay:
        g = g.add(p, alpha=weight_decay)
    m.lerp_(g, 1 - b1)
    prediction_error = g.sub(m)
    s.mul_(b2).addcmul_(prediction_error, prediction_error, value=1 - b2).add_(eps)
    p.addcdiv_(m, s.sqrt().div_(bias_correction2_sqrt).add_(eps), value=-step_size)


class AdaBelief(RuleOptimizer):
    """AdaBelief; defaults of version 0.0.5. Slots: exp_avg (m) and exp_avg_var (s)."""

    slots = ("exp_avg", "exp_avg_var")
    rule = staticmethod(adabelief)
    scalars = staticmethod(scalars)

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, decoupled=False, mode="auto"):
        defaults = dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, decoupled=decoupled)
        super().__init__(params, defaults, mode)
