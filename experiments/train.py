"""One run:  python -m experiments.train data=cifar10 model=vgg11 optimizer=adabelief seed=0

Any value of configs/ may be overridden by `key=value`; `--cfg job --resolve` prints them all, `-m` runs several.
"""

from __future__ import annotations

import sys

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from experiments.cli import EXPECTED, guarded, sentence
from experiments.compose import compose
from experiments.recipes import CONFIGS, spelt_out
from experiments.run import run, run_path


@hydra.main(config_path=str(CONFIGS), config_name="train", version_base="1.3")
def job(config: DictConfig) -> None:
    try:
        request = compose(HydraConfig.get().overrides.task)
        status = run(request)
    except EXPECTED as error:  # here, since Hydra would add lines of its own
        sys.exit(f"error: {sentence(error)}")
    print(f"{status}: {request.config['store']}/{run_path(request)}")
    if status == "busy":
        sys.exit(1)


def main() -> int:
    sys.argv = [sys.argv[0], *map(spelt_out, sys.argv[1:])]
    job()
    return 0


if __name__ == "__main__":
    guarded(main)
