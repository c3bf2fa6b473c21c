"""What else goes by the name of AdaBelief: later packages, ports and ablations, each a value of one of five choices.
The defaults are the paper's form, which adabelief.py writes plainly.

    decay      coupled; decoupled: p <- p (1 - lr weight_decay); fixed: p <- p (1 - weight_decay)
    residual   new mean: g - m after its update; old mean: g - m before it (optax until 0.2.3): s is 1 / b1^2 larger
    inner_eps  kept: s <- s + eps, stored; this step: s + eps under the root only; none
    maximum    none; 0.0.5: of s, eps accumulates in the maximum; 0.2.1: of s with its eps
    rectify    never; 0.0.5: for rho > 4, before it p <- p - lr m; 0.2.1: for rho >= 5 with
               p <- p - lr c sqrt(1 - b2^t) m_hat / (sqrt(s) + eps), before it p <- p - lr m_hat;
               0.2.1 without SGD: the same, but before it nothing moves
               (rho, c as in radam.py)

adabelief-pytorch's defaults from 0.1.0 on are eps=1e-16, decay="decoupled", rectify="0.2.1".
The trap: in 0.2.1 the maximum has no effect while the rectified branch is taken.
"""

from math import sqrt

from .base import RuleOptimizer

REVISION = 1
CHOICES = {
    "decay": ("coupled", "decoupled", "fixed"),
    "residual": ("new mean", "old mean"),
    "inner_eps": ("kept", "this step", "none"),
    "maximum": ("none", "0.0.5", "0.2.1"),
    "rectify": ("never", "0.0.5", "0.2.1", "0.2.1 without SGD"),
}


def scalars(t, lr, betas, weight_decay, decay, rectify):
    b1, b2 = betas
    step_size, bias_correction2_sqrt = lr / (1 - b1**t), sqrt(1 - b2**t)
    decay_factor = 1 - (weight_decay if decay == "fixed" else lr * weight_decay)
    values = {
        "phase": "plain", "step_size": step_size, "bias_correction2_sqrt": bias_correction2_sqrt,
        "decay_factor": decay_factor,
    }  # fmt: skip
    if rectify == "never":
        return values
    rho_inf = 2 / (1 - b2) - 1
    rho = rho_inf - 2 * t * b2**t / (1 - b2**t)
    if rho > 4 if rectify == "0.0.5" else rho >= 5:
        c = sqrt((rho - 4) * (rho - 2) * rho_inf / ((rho_inf - 4) * (rho_inf - 2) * rho))
        if rectify == "0.0.5":
            return values | {"step_size": c * step_size}
        return values | {
            "phase": "rectified", "step_size": c * step_size * bias_correction2_sqrt, "bias_correction2_sqrt": 1.0,
        }  # fmt: skip
    if rectify == "0.2.1 without SGD":
        return values | {"phase": "no step"}
    return values | {"phase": "momentum", "step_size": lr if rectify == "0.0.5" else step_size}


def adabelief_variant(
    p, g, m, s, x=None, *, phase, step_size, bias_correction2_sqrt, decay_factor, betas, eps, weight_decay, decay,
    residual, inner_eps, maximum,
):  # fmt: skip
    """Update p, m, s and x in place.

    p, g, m, s: tensors of one shape, or lists of them; x: likewise, or None
    step_size, bias_correction2_sqrt, decay_factor: floats or 0-dim tensors
    betas: two floats; eps, weight_decay: floats; phase: "plain", "rectified", "momentum" or "no step"; decay, residual,
    inner_eps, maximum: of `CHOICES`
    """
    b1, b2 = betas
    if decay != "coupled":
        p.mul_(decay_factor)
    elif weight_decay:
        g = g.add(p, alpha=weight_decay)
    prediction_error = g.sub(m)
    m.lerp_(g, 1 - b1)
    if residual == "new mean":
        prediction_error = g.sub(m)
    s.mul_(b2).addcmul_(prediction_error, prediction_error, value=1 - b2)
    if maximum == "0.0.5":
        s = x.copy_(x.maximum(s)).add_(eps)
    elif inner_eps == "kept":
        s.add_(eps)
    elif inner_eps == "this step":
        s = s.add(eps)
    if maximum == "0.2.1":
        x.copy_(x.maximum(s))
        s = x if phase == "plain" else s
    if phase in ("plain", "rectified"):
        p.addcdiv_(m, s.sqrt().div_(bias_correction2_sqrt).add_(eps), value=-step_size)
    elif phase == "momentum":
        p.add_(m, alpha=-step_size)


class AdaBeliefVariant(RuleOptimizer):
    """AdaBelief's relatives. Slots: exp_avg (m), exp_avg_var (s), and max_exp_avg_var (x) where a maximum is kept.

    Raises ValueError for a value that is not among `CHOICES`.
    """

    slots = ("exp_avg", "exp_avg_var", "max_exp_avg_var")
    rule = staticmethod(adabelief_variant)
    scalars = staticmethod(scalars)

    def __init__(
        self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, decay="coupled", residual="new mean",
        inner_eps="kept", maximum="none", rectify="never", mode="auto",
    ):  # fmt: skip
        chosen = dict(decay=decay, residual=residual, inner_eps=inner_eps, maximum=maximum, rectify=rectify)
        for name, value in chosen.items():
            if value not in CHOICES[name]:
                raise ValueError(f"{name} must be one of {', '.join(CHOICES[name])}, got {value!r}")
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, **chosen), mode)

    def slots_of(self, group):
        return self.slots if group["maximum"] != "none" else self.slots[:2]
