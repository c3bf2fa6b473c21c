"""Corpora: numbering, the official Penn Treebank, the embedded text, and files that are not what they should be."""

import hashlib
import io
import os
from pathlib import Path

import pytest
import torch

from data import ptb as ptb_module
from data.errors import DataError
from data.ptb import TOKENS, ptb
from data.text import read_utf8, text_data
from data.topics import CONTENT, topics
from data.wikitext import wikitext2
from experiments.config.paths import CONFIGS
from tests.answer import Answer

REAL = Path(os.environ.get("DATA_ROOT", CONFIGS.parent / "data" / "raw"))
TEXTS = {"train": " the cat \n sat\n", "validation": "the dog\n", "test": "a cat\n"}


def test_words_are_numbered_as_they_first_appear_with_an_end_after_each_line():
    data = text_data("toy", TEXTS)
    assert data.words == ("the", "cat", "<eos>", "sat", "dog", "a")
    assert [t.tolist() for t in (data.train, data.validation, data.test)] == [[0, 1, 2, 3, 2], [0, 4, 2], [5, 1, 2]]
    assert data.train.dtype == torch.int64


def test_the_content_hash_sees_every_word():
    other = text_data("toy", {**TEXTS, "test": "a cow\n"})
    assert other.content != text_data("toy", TEXTS).content


@pytest.mark.parametrize("split", TEXTS)
def test_an_empty_split_is_refused(split):
    with pytest.raises(DataError, match=f"toy: the {split} split is empty"):
        text_data("toy", {**TEXTS, split: " \n\n"})


def test_an_unknown_encoding_is_named_with_its_place(tmp_path):
    path = tmp_path / "train.txt"
    path.write_bytes("caf\u00e9".encode("latin1"))
    with pytest.raises(DataError, match=r"train.txt is not UTF-8 text: byte 3 is 0xe9"):
        read_utf8(path)


def small_ptb(monkeypatch, root):
    """Three small files that pass for the official ones."""
    (root / "ptb").mkdir()
    for split, name in ptb_module.SPLITS.items():
        (root / "ptb" / name).write_text(TEXTS[split])
        monkeypatch.setitem(ptb_module.SHA256, name, hashlib.sha256(TEXTS[split].encode()).hexdigest())
    return root / "ptb"


def test_ptb_is_read_under_either_name(monkeypatch, tmp_path):
    folder = small_ptb(monkeypatch, tmp_path)
    (folder / "train.txt").rename(folder / "ptb.train.txt")
    data = ptb(tmp_path, download=False)
    assert len(data.words) == 6 and set(data.files) == {"train.txt", "valid.txt", "test.txt"}


def test_a_truncated_corpus_is_refused_with_its_token_count(monkeypatch, tmp_path):
    folder = small_ptb(monkeypatch, tmp_path)
    (folder / "train.txt").write_text(" the cat\n")
    with pytest.raises(DataError, match=r"train.txt is not the official file: sha256 .* 3 tokens instead of 929,589"):
        ptb(tmp_path, download=False)


def test_an_absent_corpus_says_where_it_belongs(tmp_path):
    with pytest.raises(DataError, match=r"train.txt of the Penn Treebank is not in .*ptb and downloading is off: put"):
        ptb(tmp_path, download=False)


def test_what_was_downloaded_is_everybodys_to_read(monkeypatch, tmp_path):
    folder = small_ptb(monkeypatch, tmp_path)
    content = (folder / "train.txt").read_bytes()
    (folder / "train.txt").unlink()
    monkeypatch.setattr(ptb_module.urllib.request, "urlopen", lambda *_, **__: io.BytesIO(content))
    ptb(tmp_path)
    usual = tmp_path / "usual"
    usual.touch()
    assert (folder / "train.txt").stat().st_mode == usual.stat().st_mode
    assert sorted(path.name for path in folder.iterdir()) == ["test.txt", "train.txt", "valid.txt"]


def test_a_failed_download_leaves_nothing(monkeypatch, tmp_path):
    monkeypatch.setattr(ptb_module.urllib.request, "urlopen", refuse)
    with pytest.raises(DataError, match=r"could not be downloaded \(no route\): put train.txt"):
        ptb(tmp_path)
    assert not list(tmp_path.iterdir())


def refuse(*args, **kwargs):
    raise OSError("no route")


def test_a_download_is_checked_and_put_in_its_place(monkeypatch, tmp_path):
    folder = small_ptb(monkeypatch, tmp_path)
    (folder / "test.txt").unlink()
    monkeypatch.setattr(ptb_module.urllib.request, "urlopen", lambda *a, **k: Answer(b"something else"))
    with pytest.raises(DataError, match="what was downloaded is another file"):
        ptb(tmp_path)
    assert not (folder / "test.txt").exists()
    monkeypatch.setattr(ptb_module.urllib.request, "urlopen", lambda *a, **k: Answer(TEXTS["test"].encode()))
    assert ptb(tmp_path).test.tolist() == [5, 1, 2]
    assert {p.name for p in folder.iterdir()} == {"train.txt", "valid.txt", "test.txt"}


def test_the_real_ptb_is_the_official_one():
    if not (REAL / "ptb" / "train.txt").is_file():
        pytest.skip(f"the Penn Treebank is not in {REAL / 'ptb'} (set DATA_ROOT to the folder that holds ptb)")
    data = ptb(REAL, download=False)
    assert len(data.words) == 10_000 and data.content == ptb_module.CONTENT["ptb"]
    assert {split: len(getattr(data, split)) for split in TOKENS} == TOKENS


def test_wikitext_is_read_from_its_three_files(tmp_path):
    with pytest.raises(DataError, match=r"lacks wiki.train.tokens, wiki.valid.tokens, wiki.test.tokens"):
        wikitext2(tmp_path)
    (tmp_path / "wikitext-2").mkdir()
    for name in ("train", "valid", "test"):
        (tmp_path / "wikitext-2" / f"wiki.{name}.tokens").write_text(" \n = A title = \n\n some words <unk> \n")
    data = wikitext2(tmp_path)
    assert data.words == ("<eos>", "=", "A", "title", "some", "words", "<unk>")
    assert data.train.tolist() == [0, 1, 2, 3, 1, 0, 0, 4, 5, 6, 0]


def test_the_embedded_text_is_the_same_at_every_call_and_known_without_a_run():
    data = topics()
    assert data.content == CONTENT["topics"] == topics.__wrapped__().content
    assert len(data.train) > 50_000 and min(len(data.validation), len(data.test)) > 5_000
    unknown = data.words.index("<unk>")
    assert float((data.train == unknown).float().mean()) < 0.12 and len(data.words) < 2_000
    assert Path(CONFIGS / "data" / "topics.yaml").is_file()
