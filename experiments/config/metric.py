"""Metrics: what a score is called, which direction is better, and how tables and figures speak of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Metric:
    """What a task is judged by.

    name: as in the record, with its split ("test/accuracy").
    better: "max" or "min".
    unit: as an axis names it ("accuracy (%)").
    """

    name: str
    better: str
    unit: str = ""

    @property
    def sign(self) -> int:
        """Times a score: larger is better."""
        return 1 if self.better == "max" else -1
