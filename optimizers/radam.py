"""RAdam (Liu et al., ICLR 2020, arXiv 1908.03265), as the AdaBelief experiments ran it: with the fallback to SGD.

    p <- p - lr weight_decay p                  always decoupled, as in the authors' file
    m <- b1 m + (1 - b1) g
    v <- b2 v + (1 - b2) g^2
    rho = rho_inf - 2 t b2^t / (1 - b2^t)       rho_inf = 2 / (1 - b2) - 1
    rho >= 5:   p <- p - lr c sqrt(1 - b2^t) m_hat / (sqrt(v) + eps)
                c^2 = (rho - 4) (rho - 2) rho_inf / ((rho_inf - 4) (rho_inf - 2) rho)
    else:       p <- p - lr m_hat               m_hat = m / (1 - b1^t)

The trap: decay is scaled by the rate, 5e-7 a step at the CIFAR setting. torch's RAdam couples it unless told otherwise.
"""

from math import sqrt

from .base import RuleOptimizer

REVISION = 1


def scalars(t, lr, betas, weight_decay):
    b1, b2 = betas
    rho_inf = 2 / (1 - b2) - 1
    rho = rho_inf - 2 * t * b2**t / (1 - b2**t)
    step_size, rectified = lr / (1 - b1**t), rho >= 5
    if rectified:
        c = sqrt((rho - 4) * (rho - 2) * rho_inf / ((rho_inf - 4) * (rho_inf - 2) * rho))
        step_size *= c * sqrt(1 - b2**t)
    return {"step_size": step_size, "rectified": rectified, "decay_amount": lr * weight_decay}


def radam(p, g, m, v, *, step_size, rectified, decay_amount, betas, eps, weight_decay):
    """Update p, m and v in place.

    p, g, m, v: tensors of one shape, or lists of them
    step_size, decay_amount: floats or 0-dim tensors
    betas: two floats; eps, weight_decay: floats; rectified: bool
    """
    b1, b2 = betas
    if weight_decay:
        p.add_(p, alpha=-decay_amount)  # not p *= 1 - decay: in float32 1 - 5e-7 is off by 5 % of the decay
    m.lerp_(g, 1 - b1)
    v.mul_(b2).addcmul_(g, g, value=1 - b2)
    if rectified:
        p.addcdiv_(m, v.sqrt().add_(eps), value=-step_size)
    else:
        p.add_(m, alpha=-step_size)


class RAdam(RuleOptimizer):
    """RAdam. Slots: exp_avg (m) and exp_avg_sq (v)."""

    slots = ("exp_avg", "exp_avg_sq")
    rule = staticmethod(radam)
    scalars = staticmethod(scalars)

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, mode="auto"):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay), mode)
