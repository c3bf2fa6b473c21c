"""M-SVAG (Balles and Hennig, ICML 2018, arXiv 1705.07774), in the form that made the paper's curves (October 2020).

    g <- g + weight_decay p                     coupled decay, or decoupled: p <- p - lr weight_decay p
    m <- b m + (1 - b) g
    v <- b v + (1 - b) g^2                      the same factor b for both
    m_hat, v_hat = m / (1 - b^t), v / (1 - b^t)
    S = (v_hat - m_hat^2) / (1 - rho)           rho = (1 - b) (1 + b^t) / ((1 + b) (1 - b^t)): estimated variance
    gamma = m_hat^2 / (m_hat^2 + rho S)         0 / 0 counts as 0
    p <- p - lr gamma m_hat

The trap: a later edit of the official file (February 2021) corrects v with 1 - second_factor^t although it is averaged
with b, an accidental warm-up of several epochs; it did not make the curves. At t = 1, rho is 1 and nothing moves.
"""

from math import inf

from .base import RuleOptimizer

REVISION = 1


def scalars(t, lr, beta, second_factor, weight_decay):
    rho = (1 - beta) * (1 + beta**t) / ((1 + beta) * (1 - beta**t))
    return {
        "step_size": lr, "bias_correction1": 1 - beta**t, "bias_correction2": 1 - (second_factor or beta) ** t,
        "rho": rho, "decay_factor": 1 - lr * weight_decay,
    }  # fmt: skip


def msvag(
    p, g, m, v, *, step_size, bias_correction1, bias_correction2, rho, decay_factor, beta, weight_decay, decoupled
):
    """Update p, m and v in place.

    p, g, m, v: tensors of one shape, or lists of them
    step_size, bias_correction1, bias_correction2, rho, decay_factor: floats or 0-dim tensors
    beta, weight_decay: floats; decoupled: bool
    """
    if decoupled:
        p.mul_(decay_factor)
    elif weight_decay:
        g = g.add(p, alpha=weight_decay)
    m.lerp_(g, 1 - beta)
    v.mul_(beta).addcmul_(g, g, value=1 - beta)
    m_hat = m.div(bias_correction1)
    square = m_hat.mul(m_hat)
    variance = v.div(bias_correction2).sub_(square).div_(1 - rho)
    gamma = square.div(variance.mul_(rho).add_(square)).nan_to_num_(0.0, inf, -inf)
    p.addcmul_(gamma, m_hat, value=-step_size)


class MSVAG(RuleOptimizer):
    """M-SVAG, or with a second_factor the edit of 2021. Slots: exp_avg (m) and exp_avg_sq (v)."""

    slots = ("exp_avg", "exp_avg_sq")
    rule = staticmethod(msvag)
    scalars = staticmethod(scalars)

    def __init__(
        self, params, lr=1e-3, beta=0.9, weight_decay=0.0, decoupled=False, second_factor=None, mode="auto"
    ):  # fmt: skip
        defaults = dict(lr=lr, beta=beta, weight_decay=weight_decay, decoupled=decoupled, second_factor=second_factor)
        super().__init__(params, defaults, mode)
