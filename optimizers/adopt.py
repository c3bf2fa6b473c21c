"""ADOPT (Taniguchi et al., NeurIPS 2024, arXiv 2411.02853), the present form: package torch-adopt 0.1.0.

    first call: v <- g^2, and nothing else
    g <- g + weight_decay p                     coupled decay, or decoupled: p <- p - lr weight_decay p
    n <- g / max(sqrt(v), eps)                  v does not hold this gradient yet
    n <- clip(n, -k^clip, k^clip)               k counts the calls after the first; clip None: not clipped
    m <- b1 m + (1 - b1) n
    p <- p - lr m
    v <- b2 v + (1 - b2) g^2

form "first published" (6 November 2024): not clipped, m <- n at k = 1 (so its first move is 1 / (1 - b1) times the
present one's), and decoupled decay already on the first call.

The trap: k is a tensor's own count. torch-adopt's foreach path takes that of the first tensor of the list, so a tensor
whose first gradient comes late skips its own first call there.
"""

from .base import RuleOptimizer

REVISION = 1
FORMS = ("present", "first published")


def scalars(t, lr, clip, weight_decay):
    k = t - 1
    return {
        "call": "first" if k == 0 else "second" if k == 1 else "later", "step_size": lr,
        "decay_factor": 1 - lr * weight_decay, "clip_bound": None if clip is None else float(k) ** clip,
    }  # fmt: skip


def adopt(p, g, m, v, *, call, step_size, decay_factor, clip_bound, form, betas, eps, weight_decay, decoupled):
    """Update p, m and v in place.

    p, g, m, v: tensors of one shape, or lists of them
    step_size, decay_factor: floats or 0-dim tensors; clip_bound: likewise, or None
    betas: two floats; eps, weight_decay: floats; decoupled: bool; call: "first", "second" or "later"; form: one of
    `FORMS`
    """
    b1, b2 = betas
    if weight_decay and not decoupled:
        g = g.add(p, alpha=weight_decay)
    if decoupled and (call != "first" or form == "first published"):
        p.mul_(decay_factor)
    if call == "first":
        v.addcmul_(g, g)
        return
    n = g.div(v.sqrt().clamp_min_(eps))
    if clip_bound is not None and form == "present":
        n.clamp_min_(-clip_bound).clamp_max_(clip_bound)
    m.lerp_(n, 1.0 if call == "second" and form == "first published" else 1 - b1)
    p.add_(m, alpha=-step_size)
    v.mul_(b2).addcmul_(g, g, value=1 - b2)


class ADOPT(RuleOptimizer):
    """ADOPT. Slots: exp_avg (m) and exp_avg_sq (v).

    clip: exponent of the bound on n, or None; form: one of `FORMS`.
    """

    slots = ("exp_avg", "exp_avg_sq")
    rule = staticmethod(adopt)
    scalars = staticmethod(scalars)

    def __init__(
        self, params, lr=1e-3, betas=(0.9, 0.9999), eps=1e-6, weight_decay=0.0, decoupled=False, clip=0.25,
        form="present", mode="auto",
    ):  # fmt: skip
        if form not in FORMS:
            raise ValueError(f"form must be one of {', '.join(FORMS)}, got {form!r}")
        defaults = dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, decoupled=decoupled)
        super().__init__(params, {**defaults, "clip": clip, "form": form}, mode)
