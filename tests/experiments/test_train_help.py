"""`python -m experiments.train --help`: short, at once, and true."""

import subprocess
import sys

import pytest

from experiments.config.compose import compose
from experiments.config.help import EXAMPLES, KEYS, PUBLIC_GROUPS, help_text


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_composes(example):
    assert compose(example.split()).config["optimizer"]["_target_"]


@pytest.mark.parametrize("key", KEYS)
def test_every_key_is_one(key):
    config = compose([]).config
    for part in key.split("."):
        config = config[part]


def test_it_names_every_public_choice_and_needs_neither_hydra_nor_torch():
    program = (
        "import sys; from experiments.train import main; sys.argv = ['train', '--help']; main();"
        "print([m for m in ('hydra', 'omegaconf', 'torch') if m in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert said == f"{help_text()}\n[]\n" and all(f"  {group}: " in said for group in PUBLIC_GROUPS)
    assert "adabelief_variant" in said and "recipe/" not in said
    assert max(map(len, said.splitlines())) <= 80
