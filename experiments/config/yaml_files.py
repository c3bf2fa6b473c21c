"""Yaml files read as OmegaConf reads them (1e-3 is a number, a key given twice is an error), but by libyaml: ten times
as fast."""

from __future__ import annotations

import re
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

# PyYAML's own pattern takes 1e-3 for text; this is the one of OmegaConf 2.3.
FLOAT = re.compile(
    r"""^(?:[-+]?[0-9]+(?:_[0-9]+)*\.[0-9_]*(?:[eE][-+]?[0-9]+)?
    |[-+]?[0-9]+(?:_[0-9]+)*(?:[eE][-+]?[0-9]+)
    |\.[0-9]+(?:_[0-9]+)*(?:[eE][-+][0-9]+)?
    |[-+]?[0-9]+(?:_[0-9]+)*(?::[0-5]?[0-9])+\.[0-9_]*
    |[-+]?\.(?:inf|Inf|INF)
    |\.(?:nan|NaN|NAN))$""",
    re.X,
)


class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """libyaml's safe loader, where PyYAML was built with it."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode) and key.value != "<<"]
        if len(set(keys)) < len(keys):
            twice = next(key for key in keys if keys.count(key) > 1)
            raise yaml.constructor.ConstructorError(None, None, f"key {twice!r} stands twice", node.start_mark)
        return super().construct_mapping(node, deep)  # type: ignore[no-any-return]


Loader.add_implicit_resolver("tag:yaml.org,2002:float", FLOAT, list("-+0123456789."))
Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in Loader.yaml_implicit_resolvers.items()
}


class Dumper(yaml.SafeDumper):
    """PyYAML's safe dumper, which quotes a text that `Loader` would take for a number."""


Dumper.add_implicit_resolver("tag:yaml.org,2002:float", FLOAT, list("-+0123456789."))


def dump_yaml(value: Any, **options: Any) -> str:
    """A yaml text that `parse_yaml` reads as the same value, keys in their order."""
    return yaml.dump(value, Dumper=Dumper, sort_keys=False, **options)


def read_yaml(path: Path) -> Any:
    """The content of a yaml file. Raises OSError where it cannot be read, yaml.YAMLError where it is no yaml."""
    return parse_yaml(path.read_bytes())


def parse_yaml(content: str | bytes) -> Any:
    """The value of a yaml text. Raises yaml.YAMLError where it is none."""
    return yaml.load(content, Loader=Loader)  # a safe loader: it makes nothing but plain values
