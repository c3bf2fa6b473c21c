"""Loggers: what is told of a run as it goes, to be mirrored elsewhere. Nothing is ever read back from them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any


class Logger:
    """What is told of a run as it goes. Every method does nothing here, so a logger defines those that it wants."""

    def start(self, identity: dict[str, Any], config: dict[str, Any], lines: Iterable[dict[str, Any]]) -> None:
        """A run begins, or goes on after `lines`; `identity`: its cell, seed, fingerprint and path in the store."""

    def log_epoch(self, line: dict[str, Any]) -> None:
        """An epoch is done, or has got further scores."""

    def log_image(self, epoch: int, name: str, path: Path) -> None:
        """An image file of an epoch."""

    def finish(self, summary: dict[str, Any] | None) -> None:
        """The run is at rest, or this slice of it is over (None)."""


class NoLogger(Logger):
    """The logger of a run that is mirrored nowhere."""
