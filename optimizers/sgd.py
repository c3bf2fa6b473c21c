"""Stochastic gradient descent with momentum (Sutskever et al., ICML 2013), in torch's form.

    g <- g + weight_decay p                     coupled decay, or decoupled: p <- p - lr weight_decay p
    u <- momentum u + g
    p <- p - lr u                               Nesterov: p <- p - lr (g + momentum u)

The trap: u is a sum, not an average. Under a constant gradient the step tends to lr g / (1 - momentum), ten times
lr g at 0.9; methods that average (Adam's family) take lr g for the same gradient.
"""

from .base import RuleOptimizer

REVISION = 1


def scalars(t, lr, weight_decay):
    return {"step_size": lr, "decay_factor": 1 - lr * weight_decay}


def sgd(p, g, u=None, *, step_size, decay_factor, momentum, nesterov, weight_decay, decoupled):
    """Update p and u in place.

    p, g: tensors of one shape, or lists of them; u: likewise, or None
    step_size, decay_factor: floats or 0-dim tensors
    momentum, weight_decay: floats; nesterov, decoupled: bools
    """
    if decoupled:
        p.mul_(decay_factor)
    elif weight_decay:
        g = g.add(p, alpha=weight_decay)
    if u is not None:
        u.mul_(momentum).add_(g)
        g = g.add(u, alpha=momentum) if nesterov else u
    p.add_(g, alpha=-step_size)


class SGD(RuleOptimizer):
    """SGD. Slot: momentum_buffer (u), none without momentum.

    Raises ValueError for Nesterov without momentum.
    """

    slots = ("momentum_buffer",)
    rule = staticmethod(sgd)
    scalars = staticmethod(scalars)

    def __init__(
        self, params, lr, momentum=0.0, nesterov=False, weight_decay=0.0, decoupled=False, mode="auto"
    ):  # fmt: skip
        if nesterov and not momentum:
            raise ValueError("Nesterov's form needs a momentum, got momentum=0")
        defaults = dict(lr=lr, momentum=momentum, nesterov=nesterov, weight_decay=weight_decay, decoupled=decoupled)
        super().__init__(params, defaults, mode)

    def slots_of(self, group):
        return self.slots if group["momentum"] else ()
