"""What was worked out from the content of files, remembered on disk under a hash of that content.

A key holds everything that an answer depends on, so that no answer is ever stale, whatever a clock or a file's time
says. The file can be deleted at any time; one that is torn, locked or in a folder that cannot be written to costs time
and nothing else.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing, suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

from experiments.config import composition

FILE = "contents.sqlite"
LARGEST = 512 * 2**20  # bytes in use, beyond which the older half is forgotten
SUM = 8  # bytes of a checksum before each value: SQLite notices torn pages, but not every flipped one
PATIENCE = 5.0  # seconds that another process's writing is waited for
ASKED = 500  # keys of one query


def content_key(kind: str, *parts: bytes) -> bytes:
    """The key of what is worked out from `parts`; `kind` names the question, and a new one each time the answer's form
    changes."""
    digest = sha256(kind.encode())
    for part in parts:
        digest.update(b"%d:" % len(part) + part)
    return digest.digest()


def recall(keys: Iterable[bytes]) -> dict[bytes, bytes]:
    """What is remembered of `keys`; nothing where the file cannot be read."""
    found: dict[bytes, bytes] = {}
    asked = list(dict.fromkeys(keys))
    if not asked or not cache_file().is_file():
        return found
    try:
        with closing(sqlite3.connect(f"{cache_file().resolve().as_uri()}?mode=ro", PATIENCE, uri=True)) as file:
            for start in range(0, len(asked), ASKED):
                some = asked[start : start + ASKED]
                query = f"SELECT key, value FROM answers WHERE key IN ({','.join('?' * len(some))})"
                for key, value in file.execute(query, some):
                    if isinstance(value, bytes) and value[:SUM] == checksum(value[SUM:]):
                        found[key] = value[SUM:]
    except sqlite3.Error:
        return found  # torn, or another process's: worked out again
    return found


def remember(answers: Mapping[bytes, bytes]) -> None:
    """Keep `answers` by key, where that can be done."""
    if not answers:
        return
    rows = [(key, checksum(value) + value) for key, value in answers.items()]
    try:
        cache_file().parent.mkdir(parents=True, exist_ok=True)
        add(rows)
    except sqlite3.OperationalError:
        return  # locked for too long, or a folder that cannot be written to
    except sqlite3.DatabaseError:  # torn: another one is begun
        with suppress(OSError, sqlite3.Error):
            cache_file().unlink(missing_ok=True)
            add(rows)
    except OSError:
        return


def add(rows: list[tuple[bytes, bytes]]) -> None:
    """Write (key, value) pairs in one transaction, which is there whole or not at all."""
    with closing(sqlite3.connect(cache_file(), PATIENCE)) as file, file:
        file.execute("PRAGMA synchronous = OFF")  # a wait for the disk costs more than what a power cut would
        file.execute("CREATE TABLE IF NOT EXISTS answers (key BLOB UNIQUE, value BLOB)")
        size, pages, free = (file.execute(f"PRAGMA {name}").fetchone()[0] for name in (
            "page_size", "page_count", "freelist_count"))  # fmt: skip
        if size * (pages - free) > LARGEST:
            file.execute("DELETE FROM answers WHERE rowid <= (SELECT (min(rowid) + max(rowid)) / 2 FROM answers)")
        file.executemany("INSERT OR REPLACE INTO answers VALUES (?, ?)", rows)


def remembered(kind: str, question: Any, work_out: Callable[[], Any]) -> Any:
    """The answer to `question`, remembered or worked out now; both must be plain values, as JSON has them."""
    key = content_key(kind, json.dumps(question).encode())
    if (known := recall([key]).get(key)) is not None:
        return json.loads(known)
    answer = work_out()
    remember({key: json.dumps(answer).encode()})
    return answer


def checksum(value: bytes) -> bytes:
    """The first bytes of a hash of a value."""
    return sha256(value).digest()[:SUM]


def cache_file() -> Path:
    """Where answers are kept."""
    return composition.CACHE / FILE
