"""What a check of image files found, and where that report is kept.

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

from data.class_folders import FolderListing

REVISION = 1  # of what the check looks at: where it is raised, every folder is checked again


@dataclass(frozen=True)
class ImageCheckReport:
    """What a check found.

    Attributes:
        content: sha256 over each readable image's class and bytes, in their order.
        unreadable: by the name of a file that cannot be read, what is wrong with it.
        odd: by kind, names of images that can be read but are not what their name or a network would suggest.
    """

    content: str
    unreadable: dict[str, str] = field(default_factory=dict)
    odd: dict[str, list[str]] = field(default_factory=dict)


def cache_path(listing: FolderListing) -> Path:
    """Where the report on just these files is kept."""
    digest = hashlib.sha256(f"{REVISION} {listing.root.absolute()}\n".encode())
    for entries in listing.splits.values():
        for name, number in entries:
            digest.update(f"{name} {number} {size_and_mtime(listing.root / name)}\n".encode())
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "adabelief-suite"
    return folder / f"checked-{digest.hexdigest()[:32]}.json"


def size_and_mtime(path: Path) -> str:
    try:
        status = os.stat(path)
    except OSError as error:  # a link to nowhere: its check will say so
        return str(error.errno)
    return f"{status.st_size} {status.st_mtime_ns}"


def read_report(path: Path) -> ImageCheckReport | None:
    """The report kept at `path`, None where there is none or only a part of one."""
    try:
        return ImageCheckReport(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):  # none, or not a whole one
        return None


def save_report(path: Path, report: ImageCheckReport) -> None:
    """Keep a report, where the cache can be written to."""
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(json.dumps(asdict(report)))
        partial.replace(path)
    except OSError:  # checked again next time
        with suppress(OSError):
            partial.unlink()
