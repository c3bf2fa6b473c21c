"""AdaBound (Luo et al., ICLR 2019, arXiv 1902.09843), as in the authors' package adabound 0.0.5.

    g <- g + weight_decay p                     coupled decay, or decoupled: p <- p - lr weight_decay p
    m <- b1 m + (1 - b1) g
    v <- b2 v + (1 - b2) g^2
    lower, upper = final (1 -+ 1 / (gamma t ...))             final_step_size = final_lr lr / base_lr
    eta = clamp(lr sqrt(1 - b2^t) / (1 - b1^t) / (sqrt(v) + eps), lower, upper)
    p <- p - eta m
amsbound: the root is that of x <- max(x, v).

The trap: the bounds follow the rate (lr / base_lr, base_lr being the rate at construction); without that factor a
rate drop late in training has no effect. Between bounds that have closed it is SGD whose momentum is an average.
"""

from math import sqrt

from .base import RuleOptimizer

REVISION = 1


def scalars(t, lr, betas, final_lr, gamma, base_lr, weight_decay):
    b1, b2 = betas
    final_step_size = final_lr * lr / base_lr if base_lr else 0.0
    lower_bound = final_step_size * (1 - 1 / (gamma * t + 1))
    upper_bound = final_step_size * (1 + 1 / (gamma * t)) if gamma else float("inf")
    step_size = lr * sqrt(1 - b2**t) / (1 - b1**t)
    return {
        "step_size": step_size,
        "lower_bound": lower_bound,
        "upper_bound": upper_bound,
        "decay_factor": 1 - lr * weight_decay,
    }


def adabound(
    p, g, m, v, x=None, *, step_size, lower_bound, upper_bound, decay_factor, betas, eps, weight_decay, decoupled
):
    """Update p, m, v and x in place.

    p, g, m, v: tensors of one shape, or lists of them; x: likewise, or None
    step_size, lower_bound, upper_bound, decay_factor: floats or 0-dim tensors
    betas: two floats; eps, weight_decay: floats; decoupled: bool
    """
    b1, b2 = betas
    if decoupled:
        p.mul_(decay_factor)
    elif weight_decay:
        g = g.add(p, alpha=weight_decay)
    m.lerp_(g, 1 - b1)
    v.mul_(b2).addcmul_(g, g, value=1 - b2)
    if x is not None:
        v = x.copy_(x.maximum(v))
    eta = v.sqrt().add_(eps).reciprocal_().mul_(step_size).clamp_min_(lower_bound).clamp_max_(upper_bound)
    p.addcmul_(eta, m, value=-1)


class AdaBound(RuleOptimizer):
    """AdaBound, or AMSBound. Slots: exp_avg (m), exp_avg_sq (v), and max_exp_avg_sq (x) for AMSBound."""

    slots = ("exp_avg", "exp_avg_sq", "max_exp_avg_sq")
    rule = staticmethod(adabound)
    scalars = staticmethod(scalars)

    def __init__(
        self, params, lr=1e-3, betas=(0.9, 0.999), final_lr=0.1, gamma=1e-3, eps=1e-8, weight_decay=0.0, amsbound=None,
        decoupled=False, mode="auto",
    ):  # fmt: skip
        defaults = dict(lr=lr, betas=betas, final_lr=final_lr, gamma=gamma, eps=eps, weight_decay=weight_decay)
        super().__init__(params, {**defaults, "decoupled": decoupled, "amsbound": amsbound, "base_lr": None}, mode)

    def slots_of(self, group):
        return self.slots if group["amsbound"] else self.slots[:2]

    def add_param_group(self, param_group):
        super().add_param_group(param_group)
        group = self.param_groups[-1]
        group["base_lr"] = group["lr"] if group["base_lr"] is None else group["base_lr"]
