"""AMSGrad (Reddi et al., ICLR 2018, arXiv 1904.09237), in torch's form: bias-corrected, decay coupled.

    g <- g + weight_decay p
    m <- b1 m + (1 - b1) g
    v <- b2 v + (1 - b2) g^2
    x <- max(x, v)                              of the uncorrected v
    p <- p - lr m_hat / (sqrt(x_hat) + eps)     m_hat = m / (1 - b1^t), x_hat = x / (1 - b2^t)

The trap: the maximum of the *corrected* v is another method, and the paper has no correction at all.
"""

from math import sqrt

from .base import RuleOptimizer

REVISION = 1


def scalars(t, lr, betas):
    b1, b2 = betas
    return {"step_size": lr / (1 - b1**t), "bias_correction2_sqrt": sqrt(1 - b2**t)}


def amsgrad(p, g, m, v, x, *, step_size, bias_correction2_sqrt, betas, eps, weight_decay):
    """Update p, m, v and x in place.

    p, g, m, v, x: tensors of one shape, or lists of them
    step_size, bias_correction2_sqrt: floats or 0-dim tensors
    betas: two floats; eps, weight_decay: floats
    """
    b1, b2 = betas
    if weight_decay:
        g = g.add(p, alpha=weight_decay)
    m.lerp_(g, 1 - b1)
    v.mul_(b2).addcmul_(g, g, value=1 - b2)
    x.copy_(x.maximum(v))
    p.addcdiv_(m, x.sqrt().div_(bias_correction2_sqrt).add_(eps), value=-step_size)


class AMSGrad(RuleOptimizer):
    """AMSGrad. Slots: exp_avg (m), exp_avg_sq (v), max_exp_avg_sq (x)."""

    slots = ("exp_avg", "exp_avg_sq", "max_exp_avg_sq")
    rule = staticmethod(amsgrad)
    scalars = staticmethod(scalars)

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, mode="auto"):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay), mode)
