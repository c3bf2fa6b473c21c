"""Muon (Jordan et al., 2024, kellerjordan.github.io/posts/muon) for matrices, AdamW for the rest, as one optimizer.

torch.optim.Muon takes matrices only and refuses everything else. Here parameters with two dimensions go to it and the
others to AdamW, as its authors advise; both share one list of groups and one state, so that schedules, checkpoints and
`zero_grad` see an ordinary optimizer.

The trap: a convolution's weight has four dimensions and so belongs to the rest, although other implementations of Muon
flatten it. In a network of convolutions hardly anything is left to Muon.
"""

import torch

from .adam import Adam

REVISION = 1


class MuonAndRest(torch.optim.Optimizer):
    """torch.optim.Muon and AdamW joined. rest: arguments of `optimizers.Adam` for what is no matrix.

    Raises ValueError where there is no matrix, and NotImplementedError for a further group, which no part would step.
    """

    def __init__(
        self, params, lr=1e-3, weight_decay=0.1, momentum=0.95, nesterov=True, adjust_lr_fn="match_rms_adamw", rest=None
    ):
        params = list(params)
        matrices, others = ([p for p in params if (p.ndim == 2) is wanted] for wanted in (True, False))
        if not matrices:
            raise ValueError("Muon needs a matrix: no parameter has two dimensions")
        muon = torch.optim.Muon(
            matrices, lr=lr, weight_decay=weight_decay, momentum=momentum, nesterov=nesterov, adjust_lr_fn=adjust_lr_fn
        )
        arguments = {"lr": lr, "weight_decay": weight_decay, "decoupled": True, **(rest or {})}
        super().__init__(params, {"lr": lr})
        self.parts = [muon, *([Adam(others, **arguments)] if others else [])]
        self._join()

    def add_param_group(self, param_group):
        if hasattr(self, "parts"):
            raise NotImplementedError("MuonAndRest takes no further parameters: make a new one of all of them")
        super().add_param_group(param_group)

    def _join(self):
        """The groups are the parts' own, in order: who changes a rate here changes it there."""
        self.param_groups = [group for part in self.parts for group in part.param_groups]
        self.state.clear()
        for part in self.parts:
            self.state.update(part.state)
            part.state = self.state

    def __getstate__(self):
        return {**super().__getstate__(), "parts": self.parts}

    @torch.no_grad()
    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for part in self.parts:
            part.step()
        return loss

    def load_state_dict(self, state_dict):
        groups, first = list(state_dict["param_groups"]), 0
        for part in self.parts:
            count = len(part.param_groups)
            own, groups = groups[:count], groups[count:]
            ids = [i for group in own for i in group["params"]]
            state = {i - first: state_dict["state"][i] for i in ids if i in state_dict["state"]}
            shifted = [{**group, "params": [i - first for i in group["params"]]} for group in own]
            part.state = type(part.state)(part.state.default_factory)
            part.load_state_dict({"state": state, "param_groups": shifted})
            first += len(ids)
        self._join()
