"""Lion (Chen et al., NeurIPS 2023, arXiv 2302.06675).

    p <- p - lr weight_decay p
    p <- p - lr sign(b1 m + (1 - b1) g)
    m <- b2 m + (1 - b2) g

The trap: two different factors for the step and for the average. Every coordinate moves by lr, so lr wants to be three
to ten times smaller than AdamW's and weight_decay as much larger.
"""

from optimizers.base import RuleOptimizer

REVISION = 1


def scalars(t, lr, weight_decay):
    return {"step": lr, "keep": 1 - lr * weight_decay}


def lion(p, g, m, *, step, keep, betas, weight_decay):
    b1, b2 = betas
    if weight_decay:
        p.mul_(keep)
    p.add_(m.lerp(g, 1 - b1).sign_(), alpha=-step)
    m.lerp_(g, 1 - b2)


class Lion(RuleOptimizer):
    """Lion. Slot: exp_avg (m)."""

    slots = ("exp_avg",)
    rule = staticmethod(lion)
    scalars = staticmethod(scalars)

    def __init__(self, params, lr=1e-4, betas=(0.9, 0.99), weight_decay=0.0, mode="auto"):
        super().__init__(params, dict(lr=lr, betas=betas, weight_decay=weight_decay), mode)
