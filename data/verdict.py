"""What a check of image files found, and where that is kept.

It is kept in $XDG_CACHE_HOME/adabelief-suite (or ~/.cache/adabelief-suite) under a hash of all names, sizes and times
of change, so that a second run reads none of the files.
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from data.class_folders import Listing

REVISION = 1  # of what is looked at: raised, every folder is checked again


@dataclass(frozen=True)
class Verdict:
    """What a check found.

    Attributes:
        content: sha256 over each readable image's class and bytes, in their order.
        unreadable: what is wrong with a file, by its name.
        odd: names of images that are read but are not what their name or a network would expect, by kind.
    """

    content: str
    unreadable: dict[str, str] = field(default_factory=dict)
    odd: dict[str, list[str]] = field(default_factory=dict)


def cache_path(listing: Listing) -> Path:
    """Where the verdict on just these files is kept."""
    digest = hashlib.sha256(f"{REVISION} {listing.root.absolute()}\n".encode())
    for entries in listing.splits.values():
        for name, number in entries:
            digest.update(f"{name} {number} {state_of(listing.root / name)}\n".encode())
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "adabelief-suite"
    return folder / f"checked-{digest.hexdigest()[:32]}.json"


def state_of(path: Path) -> str:
    try:
        state = os.stat(path)
    except OSError as error:  # a link to nowhere: its check will say so
        return str(error.errno)
    return f"{state.st_size} {state.st_mtime_ns}"


def read_verdict(path: Path) -> Verdict | None:
    try:
        return Verdict(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):  # none, or not a whole one
        return None


def keep_verdict(path: Path, verdict: Verdict) -> None:
    """Keep a verdict, where the cache can be written to."""
    part = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(asdict(verdict)))
        part.replace(path)
    except OSError:  # checked again next time
        with suppress(OSError):
            part.unlink()
