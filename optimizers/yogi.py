"""Yogi (Zaheer et al., NeurIPS 2018), as the AdaBelief experiments ran it.

    g <- g + weight_decay p                     coupled decay, or decoupled: p <- p - lr weight_decay p
    m <- b1 m + (1 - b1) g                      m and v start at initial_accumulator, not at zero
    v <- v - (1 - b2) sign(v - g^2) g^2
    p <- p - lr m_hat / (sqrt(v_hat) + eps)     m_hat = m / (1 - b1^t), v_hat = v / (1 - b2^t)

The trap: moments that do not start at zero are nevertheless bias-corrected, so the first steps are small (v_hat is at
least initial_accumulator / (1 - b2)), and a zero gradient moves every weight down. eps is 1e-3, far above Adam's.
"""

from math import sqrt

from optimizers.base import RuleOptimizer

REVISION = 1


def scalars(t, lr, betas, weight_decay):
    b1, b2 = betas
    return {"step": lr / (1 - b1**t), "root": sqrt(1 - b2**t), "keep": 1 - lr * weight_decay}


def yogi(p, g, m, v, *, step, root, keep, betas, eps, weight_decay, decoupled):
    b1, b2 = betas
    if decoupled:
        p.mul_(keep)
    elif weight_decay:
        g = g.add(p, alpha=weight_decay)
    m.lerp_(g, 1 - b1)
    square = g.mul(g)
    v.addcmul_(v.sub(square).sign_(), square, value=b2 - 1)
    p.addcdiv_(m, v.sqrt().div_(root).add_(eps), value=-step)


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

    def initial(self, group):
        return group["initial_accumulator"]
