"""How a run sets its machine."""

import subprocess
import sys

PROGRAM = """
import torch
from experiments import machine
from experiments.compose import compose
machine.prepare(compose(["device=cpu", "threads=2"]).config, None)
tiny = torch.full((1 << 20,), 1e-39)
print((tiny * 1.0).count_nonzero().item(), (torch.full((1 << 20,), 1e-37) * 1.0).count_nonzero().item())
"""


def test_numbers_below_the_normal_range_are_zero_in_every_thread():
    """In a process of its own: a pool of threads keeps the setting that it was made with."""
    found = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["0", str(1 << 20)]
