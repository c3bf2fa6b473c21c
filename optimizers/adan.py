"""Adan (Xie et al., TPAMI 2024, arXiv 2208.06677), in its proximal form.

    d <- g - g'                                 g' is the previous gradient; d is zero at t = 1
    m <- b1 m + (1 - b1) g
    v <- b2 v + (1 - b2) d
    n <- b3 n + (1 - b3) (g + b2 d)^2
    p <- p - lr (m_hat + b2 v_hat) / (sqrt(n_hat) + eps)      each divided by 1 - b^t with its own b
    p <- p / (1 + lr weight_decay)

The trap: some ports write 1 - beta where this writes beta: (0.02, 0.08, 0.01) there is (0.98, 0.92, 0.99) here.
"""

from math import sqrt

from .base import RuleOptimizer

REVISION = 1


def scalars(t, lr, betas, weight_decay):
    b1, b2, b3 = betas
    return {
        "first_step": t == 1, "step_size": lr / (1 - b1**t), "diff_step_size": lr * b2 / (1 - b2**t),
        "bias_correction3_sqrt": sqrt(1 - b3**t), "decay_divisor": 1 + lr * weight_decay,
    }  # fmt: skip


def adan(
    p, g, m, v, n, previous, *, first_step, step_size, diff_step_size, bias_correction3_sqrt, decay_divisor, betas, eps,
    weight_decay,
):  # fmt: skip
    """Update p, m, v, n and previous in place.

    p, g, m, v, n, previous: tensors of one shape, or lists of them
    step_size, diff_step_size, bias_correction3_sqrt, decay_divisor: floats or 0-dim tensors
    betas: three floats; eps, weight_decay: floats; first_step: bool
    """
    b1, b2, b3 = betas
    change = g.sub(g if first_step else previous)
    m.lerp_(g, 1 - b1)
    v.lerp_(change, 1 - b2)
    ahead = g.add(change, alpha=b2)
    n.mul_(b3).addcmul_(ahead, ahead, value=1 - b3)
    previous.copy_(g)
    denominator = n.sqrt().div_(bias_correction3_sqrt).add_(eps)
    p.addcdiv_(m, denominator, value=-step_size).addcdiv_(v, denominator, value=-diff_step_size)
    if weight_decay:
        p.div_(decay_divisor)


class Adan(RuleOptimizer):
    """Adan. Slots: exp_avg (m), exp_avg_diff (v), exp_avg_sq (n), previous_grad (g')."""

    n_betas = 3
    slots = ("exp_avg", "exp_avg_diff", "exp_avg_sq", "previous_grad")
    rule = staticmethod(adan)
    scalars = staticmethod(scalars)

    def __init__(self, params, lr=1e-3, betas=(0.98, 0.92, 0.99), eps=1e-8, weight_decay=0.02, mode="auto"):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay), mode)
