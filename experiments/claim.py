"""Claims: a run is worked on by one process at a time, and a dead process holds nothing."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def claim(store: Path, path: Path, wait: bool = False) -> Iterator[bool]:
    """Hold the run `store/path` for the duration of the block; yields False where another process holds it, unless
    told to `wait` until it does no more.

    The lock is the operating system's, so it vanishes with its process, also after kill -9. Lock files stay where they
    are: removing one that another process is about to lock would let two processes hold the same run.
    """
    lock = lock_file(store, path)
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
        else:
            yield True


def is_claimed(store: Path, path: Path) -> bool:
    """Whether some process is working on the run now."""
    if not lock_file(store, path).exists():
        return False
    with claim(store, path) as free:
        return not free


def lock_file(store: Path, path: Path) -> Path:
    return store / ".locks" / str(path).replace("/", "--")
