"""Defaults of constructor arguments, read from the source: what importing the class would say."""

from inspect import Parameter, signature

import pytest
from hydra.utils import get_object

from experiments.config.errors import UserError
from experiments.config.paths import CONFIGS
from experiments.config.revisions import default_argument
from experiments.config.yaml_files import read_yaml

NODES = {path.stem: read_yaml(path) for path in sorted((CONFIGS / "optimizer").glob("*.yaml"))}
TARGETS = sorted({node["_target_"] for node in NODES.values() if node["_target_"].startswith("optimizers.")})


@pytest.mark.parametrize("target", [*TARGETS, "torch.optim.NAdam", "torch.optim.SGD"])
def test_every_default_is_that_of_the_class(target):
    for name, parameter in signature(get_object(target)).parameters.items():
        assert default_argument(target, name) == parameter.default, name
    assert default_argument(target, "no_such_argument") is Parameter.empty


def test_a_class_that_is_not_there_is_named():
    with pytest.raises(UserError, match="no_such_package"):
        default_argument("no_such_package.Adam", "lr")
