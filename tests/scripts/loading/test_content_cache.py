"""What is remembered on disk: found again, never stale, and no harm where the file is torn, locked or not to be had."""

import multiprocessing
import sqlite3

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scripts.loading import content_cache
from scripts.loading.content_cache import cache_file, content_key, recall, remember, remembered


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setattr("experiments.config.composition.CACHE", tmp_path / "cache")


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.binary(min_size=1, max_size=8), st.binary(max_size=64), max_size=20))
def test_what_is_kept_is_found_again(answers):
    cache_file().unlink(missing_ok=True)
    remember(answers)
    assert recall([*answers, b"another key"]) == answers


@settings(deadline=None)
@given(st.lists(st.binary(max_size=6), max_size=4), st.lists(st.binary(max_size=6), max_size=4))
def test_other_parts_have_another_key(some, others):
    assert (content_key("kind", *some) == content_key("kind", *others)) == (some == others)
    assert content_key("kind", *some) != content_key("another", *some)


def test_a_question_is_worked_out_once():
    asked = []
    answers = [remembered("sum", [1, 2, float("inf")], lambda: asked.append(1) or [3, float("inf")]) for _ in range(2)]
    assert answers == [[3, float("inf")]] * 2 and len(asked) == 1


@pytest.mark.parametrize("damage", [
    lambda content: content[: len(content) // 2], lambda content: b"", lambda content: b"no database at all" * 200,
    lambda content: content[:4096] + bytes(len(content) - 4096),
], ids=["cut off", "empty", "other bytes", "zeros"])  # fmt: skip
def test_a_torn_file_costs_time_only(damage):
    answers = {bytes([n]): bytes([n]) * 3000 for n in range(100)}
    remember(answers)
    cache_file().write_bytes(damage(cache_file().read_bytes()))
    found = recall(answers)
    assert all(answers[key] == value for key, value in found.items())
    remember({b"new": b"answer"})
    remember({b"newer": b"answer"})
    assert recall([b"newer"]) == {b"newer": b"answer"}


def test_a_flipped_byte_is_no_answer():
    remember({b"key": b"the answer" * 10})
    content = cache_file().read_bytes()
    cache_file().write_bytes(content.replace(b"the answer", b"THE answer", 1))
    assert recall([b"key"]) == {}


def test_it_can_be_deleted_at_any_time():
    remember({b"key": b"value"})
    cache_file().unlink()
    assert recall([b"key"]) == {}
    remember({b"key": b"value"})
    assert recall([b"key"]) == {b"key": b"value"}


def test_a_folder_that_cannot_be_made_is_no_error(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr("experiments.config.composition.CACHE", tmp_path / "file" / "cache")
    remember({b"key": b"value"})
    assert recall([b"key"]) == {} and remembered("kind", 1, lambda: 2) == 2


def test_a_locked_file_is_no_error(monkeypatch):
    monkeypatch.setattr(content_cache, "PATIENCE", 0.05)
    remember({b"key": b"value"})
    with sqlite3.connect(cache_file()) as other:
        other.execute("BEGIN EXCLUSIVE")
        remember({b"more": b"value"})
        assert recall([b"key"]) == {}
    other.close()
    assert recall([b"key", b"more"]) == {b"key": b"value"}


def test_the_older_half_is_forgotten_when_it_grows_large(monkeypatch):
    monkeypatch.setattr(content_cache, "LARGEST", 200_000)
    for n in range(100):
        remember({b"%d" % n: bytes(10_000)})
    assert cache_file().stat().st_size < 500_000
    assert recall([b"99"]) and not recall([b"0"])


def add_many(cache, first):
    content_cache.composition.CACHE = cache
    for n in range(first, first + 50):
        remember({b"%d" % n: b"value %d" % n})


def test_several_processes_add_at_once(tmp_path):
    processes = [
        multiprocessing.get_context("spawn").Process(target=add_many, args=(tmp_path / "cache", 50 * n))
        for n in range(3)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert recall(b"%d" % n for n in range(150)) == {b"%d" % n: b"value %d" % n for n in range(150)}
