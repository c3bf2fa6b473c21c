"""How a run sets its machine."""

import platform
import subprocess
import sys

import pytest

PROGRAM = """
import torch
from experiments.runs import environment
from experiments.config.compose import compose
environment.prepare(compose(["device=cpu", "threads=2"]).config, None)
tiny = torch.full((1 << 20,), 1e-39)
print((tiny * 1.0).count_nonzero().item(), (torch.full((1 << 20,), 1e-37) * 1.0).count_nonzero().item())
"""


def test_numbers_below_the_normal_range_are_zero_in_every_thread():
    """In a process of its own: a pool of threads keeps the setting that it was made with."""
    found = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["0", str(1 << 20)]


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library has its own ways")
def test_memory_that_is_freed_is_kept_for_the_next_step():
    """A new block of 64 MiB costs 16,384 page faults. Small ones may settle in a freed one, so that one more is needed;
    not one each time."""
    program = (
        "import resource, torch; from experiments.config.compose import compose;"
        "from experiments.runs import environment;"
        "environment.prepare(compose(['device=cpu']).config, 1);"
        "faults = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_minflt;"
        "before = faults(); [float(torch.empty(2**24).fill_(1)[0]) for _ in range(20)]; print(faults() - before)"
    )
    made = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert int(made.stdout) < 20 * 16_384 / 3
