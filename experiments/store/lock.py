"""Locks: a run is worked on by one process at a time, and a dead process holds nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout


@contextmanager
def run_lock(store: Path, path: Path, wait: bool = False) -> Iterator[bool]:
    """Hold the lock of `store/path` for the duration of the block; yields False where another process holds it, unless
    told to `wait` until it does no more.

    The lock is the operating system's, so it vanishes with its process, also after kill -9. Lock files stay where they
    are: removing one that another process is about to lock would let two processes hold the same run.
    """
    file = lock_file(store, path)
    file.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(file, timeout=-1 if wait else 0)
    try:
        lock.acquire()
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


def is_locked(store: Path, path: Path) -> bool:
    """Whether some process is working on the run now."""
    if not lock_file(store, path).exists():
        return False
    with run_lock(store, path) as free:
        return not free


def lock_file(store: Path, path: Path) -> Path:
    """The lock file of the run (or study) `store/path`."""
    return store / ".locks" / str(path).replace("/", "--")
