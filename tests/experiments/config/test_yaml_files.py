"""Yaml as OmegaConf reads it, and written so that it comes back."""

import pytest
import yaml
from omegaconf import OmegaConf

from experiments.config.yaml_files import dump_yaml, parse_yaml

SCALARS = [
    "1e-3", "1E5", "-1.5", ".5", "1_000", "0x1f", "0o17", "017", "yes", "no", "on", "True", "null", "~", ".inf",
    "-.inf", "none", "2020-01-01", "12:30", "1:30.5", "'1e-3'", "[1, 1e-2, a]", "{a: 1e-8, b: [x]}", "a b", "''",
]  # fmt: skip


@pytest.mark.parametrize("text", SCALARS)
def test_values_are_read_as_omegaconf_reads_them(text):
    theirs = OmegaConf.to_container(OmegaConf.create(f"key: {text}"))
    assert parse_yaml(f"key: {text}") == theirs and type(parse_yaml(f"key: {text}")["key"]) is type(theirs["key"])


@pytest.mark.parametrize(
    "value", ["1e-3", "1e5", "1234567e89012345", "1.0", "null", "true", "", "a: b", "0x10", ".5", 1e-8, 3, None]
)
def test_what_is_written_comes_back(value):
    assert parse_yaml(dump_yaml({"key": value, "list": [value]})) == {"key": value, "list": [value]}


def test_a_key_given_twice_is_an_error_and_a_merge_is_none():
    with pytest.raises(yaml.YAMLError, match="'a' stands twice"):
        parse_yaml("a: 1\na: 2")
    assert parse_yaml("x: &x {a: 1}\ny: &y {b: 2}\nz:\n  <<: [*x, *y]\n  c: 3")["z"] == {"a": 1, "b": 2, "c": 3}
