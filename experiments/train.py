"""One run:  python -m experiments.train data=cifar10 model=vgg11 optimizer=adabelief seed=0

Any value of configs/ may be overridden by `key=value`; `--cfg job --resolve` prints them all, `-m` runs several.
"""

from __future__ import annotations

import sys
from typing import Any

from experiments.config import composition
from experiments.config.cli import is_bad_input, run_command, sentence
from experiments.config.compose import compose
from experiments.config.help import help_text
from experiments.config.paths import CONFIGS
from experiments.config.recipes import expand_tuned
from experiments.store.run_files import run_path


def job(config: Any) -> None:
    """Make the run that Hydra was asked for."""
    from hydra.core.hydra_config import HydraConfig

    from experiments.runs.run import run  # imports torch, which `--help` can do without

    try:
        request = compose(HydraConfig.get().overrides.task)
        status = run(request)
    except Exception as error:  # here, since Hydra would add lines of its own
        if not is_bad_input(error):
            raise
        sys.exit(f"error: {sentence(error)}")
    print(f"{status}: {request.config['store']}/{run_path(request)}")
    if status == "busy":
        sys.exit(1)


def main() -> int:
    if {"--help", "-h"} & set(sys.argv[1:]):
        print(help_text())
        return 0
    import hydra

    sys.argv = [sys.argv[0], *map(expand_tuned, sys.argv[1:])]
    composition.prepare_hydra(composition.tuned_content())
    hydra.main(config_path=str(CONFIGS), config_name="train", version_base="1.3")(job)()
    return 0


if __name__ == "__main__":
    run_command(main)
