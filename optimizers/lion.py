"""Lion (Chen et al., NeurIPS 2023, arXiv 2302.06675).

    p <- p - lr weight_decay p
    p <- p - lr sign(b1 m + (1 - b1) g)
    m <- b2 m + (1 - b2) g

The trap: two different factors for the step and for the average. Every coordinate moves by lr, so lr wants to be three
to ten times smaller than AdamW's and weight_decay as much larger.
"""

from .base import RuleOptimizer

REVISION = 1


def scalars(t, lr, weight_decay):
    return {"step_size": lr, "decay_factor": 1 - lr * weight_decay}


def lion(p, g, m, *, step_size, decay_factor, betas, weight_decay):
    """Update p and m in place.

    p, g, m: tensors of one shape, or lists of them
    step_size, decay_factor: floats or 0-dim tensors
    betas: two floats; weight_decay: float
    """
    b1, b2 = betas
    if weight_decay:
        p.mul_(decay_factor)
    p.add_(m.lerp(g, 1 - b1).sign_(), alpha=-step_size)
    m.lerp_(g, 1 - b2)


class Lion(RuleOptimizer):
    """Lion. Slot: exp_avg (m)."""

    slots = ("exp_avg",)
    rule = staticmethod(lion)
    scalars = staticmethod(scalars)

    def __init__(self, params, lr=1e-4, betas=(0.9, 0.99), weight_decay=0.0, mode="auto"):
        super().__init__(params, dict(lr=lr, betas=betas, weight_decay=weight_decay), mode)
