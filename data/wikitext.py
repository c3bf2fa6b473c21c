"""WikiText-2 at word level (Merity et al., 2016, arXiv 1609.07843), from the files of its authors."""

from __future__ import annotations

import hashlib
from pathlib import Path

from data.errors import DataError
from data.text import TextData, read_utf8, text_data

REVISION = 1  # raised by hand when a fix changes what is trained on

SPLITS = {"train": "wiki.train.tokens", "validation": "wiki.valid.tokens", "test": "wiki.test.tokens"}


def wikitext2(root: str | Path) -> TextData:
    """WikiText-2 from `root`/wikitext-2/wiki.{train,valid,test}.tokens.

    Raises:
        DataError: a file is absent, not UTF-8 or empty.
    """
    folder = Path(root).expanduser() / "wikitext-2"
    missing = [name for name in SPLITS.values() if not (folder / name).is_file()]
    if missing:
        raise DataError(f"{folder.absolute()} lacks {', '.join(missing)}: unpack the authors' wikitext-2 archive there")
    texts = {split: read_utf8(folder / name) for split, name in SPLITS.items()}
    files = {SPLITS[split]: hashlib.sha256(text.encode()).hexdigest() for split, text in texts.items()}
    return text_data("wikitext2", texts, files)
