"""Objects from the `_target_` nodes of a configuration."""

from __future__ import annotations

from typing import Any

from hydra.errors import InstantiationException
from hydra.utils import instantiate

from experiments.config.errors import UserError


def instantiate_or_explain(what: str, node: dict[str, Any], **arguments: Any) -> Any:
    """Instantiate a node; raises UserError with the constructor's complaint as one sentence that begins with `what`."""
    try:
        return instantiate(node, _convert_="all", **arguments)
    except InstantiationException as error:
        cause = error.__cause__ or error
        raise UserError(f"{what}: {cause}") from cause
