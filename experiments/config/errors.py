"""Exceptions that are shown as one sentence, without a traceback, and the hint that a misspelt name gets."""

from collections.abc import Iterable
from difflib import get_close_matches


class UserError(Exception):
    """Bad input: a wrong value, a missing file, a name that does not exist. The text is one clear sentence."""


class MetricUnavailable(UserError):
    """What a score is made with is not here. A run that is trained keeps its weights and is scored later."""


def nearest(name: str, names: Iterable[str]) -> str:
    """ "; did you mean 'adam'?" where one of `names` is close to `name`, else nothing."""
    close = get_close_matches(name, list(names), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
