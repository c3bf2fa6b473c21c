"""What the commands share: bad input ends in one clear sentence and exit status 1, a stop in 130 or 143."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Callable
from difflib import get_close_matches
from typing import Any

from data.errors import DataError
from experiments.config.errors import UserError, nearest

FULL_ERROR = "HYDRA_FULL_ERROR"
FOUND: dict[str, str] = {}  # what the environment held before `run_command` changed it


def child_environment() -> dict[str, str]:
    """The environment for processes that this one starts: as it was found."""
    return {**os.environ, **FOUND}


def run_command(main: Callable[[], int]) -> None:
    """Run a command's main and exit with its status. `HYDRA_FULL_ERROR=1` keeps exceptions whole."""
    full = os.environ.get(FULL_ERROR, "0") == "1"
    os.environ[FULL_ERROR] = "1"  # Hydra hands its exceptions on instead of printing them itself
    FOUND[FULL_ERROR] = str(int(full))
    signal.signal(signal.SIGTERM, stop)
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("\nstopped; the same command goes on from the last checkpoint", file=sys.stderr)
        sys.exit(130)
    except Exception as error:
        if full or not is_bad_input(error):
            raise
        print(f"error: {sentence(error)}", file=sys.stderr)
        sys.exit(1)


def is_bad_input(error: BaseException) -> bool:
    """Whether an exception is shown as one sentence. Hydra's and OmegaConf's are, where these have been imported."""
    kinds: list[type[BaseException]] = [UserError, DataError]
    if "hydra.errors" in sys.modules:
        kinds.append(sys.modules["hydra.errors"].HydraException)
    if "omegaconf.errors" in sys.modules:
        kinds.append(sys.modules["omegaconf.errors"].OmegaConfBaseException)
    return isinstance(error, tuple(kinds))


def stop(signum: int, frame: Any) -> None:
    """Handle SIGTERM: end in order, with the status that a shell gives a stopped process."""
    signal.signal(signum, signal.SIG_IGN)  # sent twice, as `timeout` does, it would break off what now ends in order
    sys.exit(128 + signum)


def end_when_told() -> None:
    """For the start of a forked process: it has its parent's handlers, and whoever waits for its end may wait for ever
    if `stop` is called in the wrong moment there."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def sentence(error: BaseException) -> str:
    """One line that says what is wrong and, for a misspelt name, which one is nearest."""
    from hydra.errors import MissingConfigException
    from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException

    text = str(error)
    if isinstance(error, MissingConfigException) and error.missing_cfg_file:
        return missing_choice(error)
    inner = error if isinstance(error, OmegaConfBaseException) else error.__cause__
    if isinstance(inner, MissingMandatoryValue):
        return f"{inner.full_key} has no value: give it as {inner.full_key}=..."
    if found := re.search(r"Could not override '([^']+)'", text):
        return unknown_key(found.group(1), inner)
    if inner is not None and inner is not error and str(inner) not in text:
        text = f"{text.splitlines()[0]}: {inner}"
    return " ".join(line.strip() for line in text.splitlines()[:2] if line.strip())


def missing_choice(error: Any) -> str:
    """For a name that a configuration group does not have: the nearest one, and all of them."""
    group, _, name = str(error.missing_cfg_file).rpartition("/")
    options = list(error.options or [])
    if group.startswith("recipe"):
        return f"no recipe {str(error.missing_cfg_file).removeprefix('recipe/')!r}: this setting has no row for it"
    if not options:
        return f"no {group or 'configuration'} called {name!r}"
    return f"no {group} called {name!r}{nearest(name, options)}; there are {', '.join(sorted(options))}"


def unknown_key(key: str, cause: BaseException | None) -> str:
    """Where a key's path leaves the configuration, with the nearest of the keys that are there, else all of them."""
    from omegaconf import DictConfig

    node: Any = getattr(cause, "parent_node", None)
    there = [str(name) for name in node] if isinstance(node, DictConfig) else []
    above = str(node._get_full_key(None)) if there else ""
    wrong, _, rest = key.removeprefix(f"{above}.").partition(".")
    hint = f"; there are {', '.join(name for name in there if not name.startswith('_'))}" if there else ""
    if close := get_close_matches(wrong, there, n=1):
        hint = f"; did you mean {'.'.join(filter(None, [above, close[0], rest]))!r}?"
    return f"no key {key!r} in the configuration{hint} (a new key wants a plus: +{key}=...)"
