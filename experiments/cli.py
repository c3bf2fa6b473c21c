"""What the commands share: bad input ends in one clear sentence and exit status 1, a stop in 130 or 143."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Callable
from difflib import get_close_matches
from typing import Any

from hydra.errors import HydraException, MissingConfigException
from omegaconf.errors import OmegaConfBaseException

from data.images import DataError
from experiments.errors import UserError

EXPECTED = (UserError, DataError, HydraException, OmegaConfBaseException)


def guarded(main: Callable[[], int]) -> None:
    """Run a command's main and exit with its status. `HYDRA_FULL_ERROR=1` keeps exceptions whole."""
    full = os.environ.get("HYDRA_FULL_ERROR", "0") == "1"
    os.environ["HYDRA_FULL_ERROR"] = "1"  # Hydra hands its exceptions on instead of printing them itself
    signal.signal(signal.SIGTERM, stop)
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("\nstopped; the same command goes on from the last checkpoint", file=sys.stderr)
        sys.exit(130)
    except EXPECTED as error:
        if full:
            raise
        print(f"error: {sentence(error)}", file=sys.stderr)
        sys.exit(1)


def stop(signum: int, frame: Any) -> None:
    sys.exit(128 + signum)


def sentence(error: BaseException) -> str:
    """One line that says what is wrong and, for a misspelt name, which one is nearest."""
    text = str(error)
    if isinstance(error, MissingConfigException) and error.missing_cfg_file:
        return missing_choice(error)
    if found := re.search(r"Could not override '([^']+)'|Key '([^']+)' is not in struct", text):
        key = found.group(1) or found.group(2)
        return f"no key {key!r} in the configuration{nearest(key, known_keys())} (a new key wants a plus: +{key}=...)"
    if isinstance(error.__cause__, OmegaConfBaseException):
        text = f"{text.splitlines()[0]}: {error.__cause__}"
    return " ".join(line.strip() for line in text.splitlines()[:2] if line.strip())


def missing_choice(error: MissingConfigException) -> str:
    group, _, name = str(error.missing_cfg_file).rpartition("/")
    options = list(error.options or [])
    if group.startswith("recipe"):
        return f"no recipe {str(error.missing_cfg_file).removeprefix('recipe/')!r}: this setting has no row for it"
    if not options:
        return f"no {group or 'configuration'} called {name!r}"
    return f"no {group} called {name!r}{nearest(name, options)}; there are {', '.join(sorted(options))}"


def nearest(name: str, names: list[str]) -> str:
    close = get_close_matches(name, names, n=1, cutoff=0.4)
    return f"; did you mean {close[0]!r}?" if close else ""


def known_keys() -> list[str]:
    from experiments.compose import compose
    from experiments.identity import flatten

    return [key for key, _ in flatten(compose([]).config)]


__all__ = ["guarded", "sentence"]
