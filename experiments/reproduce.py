"""Reproduce a grid: its runs made, skipped, resumed and judged.

    python -m experiments.reproduce grid=cifar scale=quick seeds=0,1 jobs=2 model=vgg11 optimizer=adam,sgd

grid, scale, protocol, seeds, jobs, on_failure (continue or stop), retries, skip_archived and max_seconds (of the whole
call) steer the grid; setting, data, model and optimizer narrow it; every other word is a Hydra override for all of its
runs.
What to do next is the last line; where the environment names a file as NEXT, it is written there instead.
Exit status: 0 done and healthy, 2 some runs failed or are not healthy, 1 bad input.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from experiments.config.cli import run_command
from experiments.grid.grid_options import parse_grid_options
from experiments.workers.run_grid import run_grid


def main(arguments: Sequence[str]) -> int:
    options = parse_grid_options(arguments)
    return run_grid(options, options.requests(), "experiments.reproduce", arguments)


if __name__ == "__main__":
    run_command(lambda: main(sys.argv[1:]))
