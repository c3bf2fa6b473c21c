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
LINES_PER_BLOCK = 25  # lines that stay together in one split
MIN_COUNT = 4  # words seen less often become UNKNOWN


@cache
def topics() -> TextData:
    """The help topics in alphabetical order: of every ten blocks of 25 lines, the last is test, the ninth validation.

    Lower case; letters and punctuation marks are words, everything else is left out.
    """
    from pydoc_data.topics import topics as text

    pages = [re.findall(r"[a-z]+|[.,:;()]|\n", text[name].lower()) for name in sorted(text)]
    frequent = {word for word, n in Counter(word for page in pages for word in page).items() if n >= MIN_COUNT}
    replaced = [" ".join(word if word in frequent else UNKNOWN for word in page) for page in pages]
    lines = [line for page in replaced for line in page.split("\n") if line.strip()]
    blocks = {"train": range(8), "validation": (8,), "test": (9,)}
    splits = {
        split: "\n".join(line for i, line in enumerate(lines) if i // LINES_PER_BLOCK % 10 in numbers)
        for split, numbers in blocks.items()
    }
    return text_data("topics", splits)


CONTENT = {"topics": topics().content}
