"""What an epoch's logs add up to."""

from __future__ import annotations

import torch
from torch import Tensor

from experiments.training.task import Logs


class LogSums:
    """Running sums of the logs, on their device; nothing here waits for it until `means` reads them."""

    def __init__(self) -> None:
        self.totals: dict[str, Tensor] = {}
        self.counts: dict[str, int] = {}

    def add(self, logs: Logs) -> None:
        """Add a step's logs: sums (0-dimensional, on the device) and counts by name."""
        for name, (total, count) in logs.items():
            if name in self.totals:
                self.totals[name] += total
                self.counts[name] += count
            else:  # float64: a sum of 50,000 float32 terms would lose digits that two machines then disagree on
                self.totals[name] = total.detach().to(torch.float64)
                self.counts[name] = count

    def means(self) -> dict[str, float]:
        """Sum over count by name, read from the device."""
        if not self.totals:
            return {}
        values = torch.stack(list(self.totals.values())).tolist()
        return {name: value / self.counts[name] for name, value in zip(self.totals, values)}
