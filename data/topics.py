"""The language reference that every Python carries for its `help()`: English text, no download.

It stands in for the Penn Treebank at the quick scale. Another version of Python carries another text, so the content
hash is taken from the text at hand.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache

from data.text import TextData, text_data

REVISION = 1  # raised by hand when a fix changes what is trained on

UNKNOWN = "<unk>"
BLOCK = 25  # lines that stay together
RARE = 4  # words seen less often become UNKNOWN


@cache
def topics() -> TextData:
    """The help topics in alphabetical order: of every ten blocks of lines, the last is test, that before it validation.

    Lower case; letters and punctuation marks are words, everything else is left out.
    """
    from pydoc_data.topics import topics as text

    pages = [re.findall(r"[a-z]+|[.,:;()]|\n", text[name].lower()) for name in sorted(text)]
    often = {word for word, n in Counter(word for page in pages for word in page).items() if n >= RARE}
    known = [" ".join(word if word in often else UNKNOWN for word in page) for page in pages]
    lines = [line for page in known for line in page.split("\n") if line.strip()]
    part = {"train": range(8), "validation": (8,), "test": (9,)}
    splits = {
        split: "\n".join(line for i, line in enumerate(lines) if i // BLOCK % 10 in tens)
        for split, tens in part.items()
    }
    return text_data("topics", splits)


CONTENT = {"topics": topics().content}
