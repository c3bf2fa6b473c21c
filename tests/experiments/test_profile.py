"""The profile of a training step: every kind of run once, its operators' times adding up to no more than the step."""

import re

import pytest

from experiments.config.errors import UserError
from experiments.profile import SHOWN, main


def test_every_kind_of_run_is_shown_once_with_its_costliest_operators(capsys):
    assert main(["grid=cifar", "scale=quick", "model=vgg11", "optimizer=adam,sgd", "jobs=1"]) == 0
    said = capsys.readouterr().out
    assert said.count("ms a step of 128") == 1
    rows = re.findall(r"(\S+)\s+(\d+) %\s+([\d.]+)\s+(\d+)$", said, re.MULTILINE)
    assert len(rows) == SHOWN
    shares, times = [int(row[1]) for row in rows], [float(row[2]) for row in rows]
    assert sum(shares) <= 100 and times == sorted(times, reverse=True)
    assert {"aten::convolution_backward", "aten::mkldnn_convolution"} & {row[0] for row in rows}


def test_a_misspelt_model_is_named():
    with pytest.raises(UserError, match="did you mean 'vgg11'"):
        main(["grid=cifar", "scale=quick", "model=vgg12"])
