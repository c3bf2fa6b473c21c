"""Files that are there whole or not at all."""

import os
import stat
import subprocess
import sys
import threading

import pytest

from experiments.store.atomic_write import atomic_write

WRITER = """
import sys
from pathlib import Path
from experiments.store.atomic_write import atomic_write
for _ in range(100):
    atomic_write(Path(sys.argv[1]), sys.argv[2].encode() * 20_000)
"""


def test_several_processes_may_write_one_file_at_once(tmp_path):
    """With one fixed name for the part, two of three writers died."""
    path = tmp_path / "summary.json"
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(path), letter]) for letter in "abc"]
    seen = set()
    while any(writer.poll() is None for writer in writers):
        if path.exists():
            content = path.read_bytes()
            seen.add((len(content), len(set(content))))
    assert [writer.returncode for writer in writers] == [0, 0, 0]
    assert seen <= {(20_000, 1)} and [p.name for p in tmp_path.iterdir()] == ["summary.json"]


def test_threads_may_too(tmp_path):
    path = tmp_path / "file"
    threads = [threading.Thread(target=atomic_write, args=(path, bytes([n]) * 9_999)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(path.read_bytes()) == 9_999 and len(set(path.read_bytes())) == 1


def test_a_write_that_fails_leaves_the_old_file_and_no_part(tmp_path, monkeypatch):
    path = tmp_path / "file"
    atomic_write(path, b"old")
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space left"):
        atomic_write(path, b"new")
    assert path.read_bytes() == b"old" and [p.name for p in tmp_path.iterdir()] == ["file"]


def test_others_may_read_what_the_umask_allows(tmp_path):
    old = os.umask(0o027)
    try:
        atomic_write(tmp_path / "file", b"")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o640


def test_a_name_may_be_as_long_as_the_file_system_allows(tmp_path):
    path = tmp_path / ("x" * 250)
    atomic_write(path, b"content")
    assert path.read_bytes() == b"content"
