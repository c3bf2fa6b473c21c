"""Adam (Kingma and Ba, ICLR 2015, arXiv 1412.6980); decoupled, AdamW (Loshchilov and Hutter, arXiv 1711.05101).

    g <- g + weight_decay p                     coupled decay, or decoupled: p <- p - lr weight_decay p
    m <- b1 m + (1 - b1) g
    v <- b2 v + (1 - b2) g^2
    p <- p - lr m_hat / (sqrt(v_hat) + eps)     m_hat = m / (1 - b1^t), v_hat = v / (1 - b2^t)

The trap: coupled decay is divided by sqrt(v) like any gradient, so "weight decay 5e-4" means something else in Adam
than in AdamW. The paper's Adam couples it, its AdamW does not.
"""

from math import sqrt

from optimizers.base import RuleOptimizer

REVISION = 1


def scalars(t, lr, betas, weight_decay):
    b1, b2 = betas
    return {"step": lr / (1 - b1**t), "root": sqrt(1 - b2**t), "keep": 1 - lr * weight_decay}


def adam(p, g, m, v, *, step, root, keep, betas, eps, weight_decay, decoupled):
    b1, b2 = betas
    if decoupled:
        p.mul_(keep)
    elif weight_decay:
        g = g.add(p, alpha=weight_decay)
    m.lerp_(g, 1 - b1)
    v.mul_(b2).addcmul_(g, g, value=1 - b2)
    p.addcdiv_(m, v.sqrt().div_(root).add_(eps), value=-step)


class Adam(RuleOptimizer):
    """Adam, and AdamW with `decoupled=True`. Slots: exp_avg (m) and exp_avg_sq (v)."""

    slots = ("exp_avg", "exp_avg_sq")
    rule = staticmethod(adam)
    scalars = staticmethod(scalars)

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, decoupled=False, mode="auto"):
        defaults = dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, decoupled=decoupled)
        super().__init__(params, defaults, mode)
