"""Footnotes: letters for texts, given in the order in which the cells of a table are written."""

from __future__ import annotations

LETTERS = 26


class Footnotes:
    """Letters for texts, in the order in which they are first asked for: [a], [b], ..."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}

    def marks(self, *texts: str | tuple[str, str]) -> str:
        """What follows a number that has these footnotes: " [a, c]". Of a pair (key, text) the key tells which
        footnote it is: the first text with a key stands for all."""
        pairs = [text if isinstance(text, tuple) else (text, text) for text in texts]
        return f" [{', '.join(dict.fromkeys(self.letter(*pair) for pair in pairs))}]"

    def letter(self, key: str, text: str) -> str:
        """The letter of a key, which a new one gets with its text."""
        self.texts.setdefault(key, text)
        place = list(self.texts).index(key)
        return chr(ord("a") + place % LETTERS) * (place // LETTERS + 1)

    def notes(self) -> list[str]:
        """Every text with its letter before it."""
        return [f"[{self.letter(key, text)}] {text}" for key, text in self.texts.items()]


class NoFootnotes(Footnotes):
    """For numbers that stand where no footnotes follow."""

    def marks(self, *texts: str | tuple[str, str]) -> str:
        return ""
