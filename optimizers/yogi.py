"""Yogi (Zaheer et al., NeurIPS 2018), as the AdaBelief experiments ran it.

    g <- g + weight_decay p                     coupled decay, or decoupled: p <- p - lr weight_decay p
    m <- b1 m + (1 - b1) g                      m and v start at initial_accumulator, not at zero
    v <- v - (1 - b2) sign(v - g^2) g^2
    p <- p - lr m_hat / (sqrt(v_hat) + eps)     m_hat = m / (1 - b1^t), v_hat = v / (1 - b2^t)

The trap: moments that do not start at zero are nevertheless bias-corrected, so the first steps are small (v_hat is at
least initial_accumulator / (1 - b2)), and a zero gradient moves every weight down. eps is 1e-3, far above Adam's.
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


def yogi(p, g, m, v, *, step_size, bias_correction2_sqrt, decay_factor, betas, eps, weight_decay, decoupled):
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
    square = g.mul(g)
    v.addcmul_(v.sub(square).sign_(), square, value=b2 - 1)
    p.addcdiv_(m, v.sqrt().div_(bias_correction2_sqrt).add_(eps), value=-step_size)


class Yogi(RuleOptimizer):
    """Yogi. Slots: exp_avg (m) and exp_avg_sq (v), both starting at initial_accumulator."""

    slots = ("exp_avg", "exp_avg_sq")
    rule = staticmethod(yogi)
    scalars = staticmethod(scalars)

    def __init__(
        self, params, lr=1e-2, betas=(0.9, 0.999), eps=1e-3, weight_decay=0.0, initial_accumulator=1e-6,
        decoupled=False, mode="auto",
    ):  # fmt: skip
        defaults = dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, initial_accumulator=initial_accumulator)
        super().__init__(params, {**defaults, "decoupled": decoupled}, mode)

    def initial_slot_value(self, group):
        return group["initial_accumulator"]
