"""What a person sees of a run: a live bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from typing import Any

import torch
from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn
from rich.table import Column
from rich.text import Text

from experiments.config.errors import UserError
from experiments.config.wording import duration

EVERY = 1.0  # seconds between looks at the running sums
PLAIN_EVERY = 30.0  # seconds between lines where there is no terminal
STYLES = ("auto", "lines", "none")


class ProgressBar:
    """Epoch, running means of the logs, last score, items a second and time left of one run. A context manager.

    style: "auto" is a live bar on a terminal and lines elsewhere, "lines" always lines, "none" nothing.
    The sums are read by an asynchronous copy about once a second, so an epoch never waits for the device.
    """

    def __init__(self, label: str, epochs: int, unit: str, metric: str, first: int = 0, style: str = "auto") -> None:
        if style not in STYLES:
            raise UserError(f"progress must be one of {', '.join(STYLES)}, got {style!r}")
        self.label, self.epochs, self.unit, self.metric, self.first = label, epochs, unit, metric, first
        self.shown = style != "none"
        self.live = style == "auto" and sys.stdout.isatty()
        self.console = Console(highlight=False, soft_wrap=True)
        self.began = self.looked = self.printed = time.monotonic()
        self.copy: tuple[Any, list[str], torch.Tensor, dict[str, int]] | None = None
        self.seen = self.seen_before = 0
        self.text, self.score, self.rate, self.done = "", "", 0.0, float(first)

    def __enter__(self) -> ProgressBar:
        if self.live:
            columns: list[ProgressColumn] = [TextColumn("{task.description}"), BarColumn(12), State(self)]
            self.bar = Progress(*columns, console=self.console, transient=True, refresh_per_second=4)
            self.bar.start()
            self.id = self.bar.add_task(self.label, total=self.epochs, completed=self.first)
        return self

    def __exit__(self, *_: object) -> None:
        if self.live:
            self.bar.stop()

    def after_batch(self, epoch: int, batch: int, of: int, sums: Any) -> None:
        """A batch is done; at most once a second this looks at the sums."""
        now = time.monotonic()
        if not self.shown or now - self.looked < EVERY:
            return
        self.done = epoch + batch / of
        if self.copy and self.copy[0].query():
            _, names, values, counts = self.copy
            means = {n: v / counts[n] for n, v in zip(names, values.tolist())}
            self.text = "  ".join(f"{name} {value:.4g}" for name, value in means.items())
            self.copy = None
        if self.copy is None:
            self.copy = start_copy(sums)
        self.seen = self.seen_before + max(sums.counts.values(), default=0)
        self.rate = self.seen / (now - self.began)
        self.looked = now
        self.print_state(now)

    def after_epoch(self, epoch: int, scores: dict[str, float], items: int) -> None:
        """An epoch is done, with its scores."""
        self.seen_before += items
        self.done = epoch + 1.0
        means = {n.removeprefix("train/"): value for n, value in scores.items() if n.startswith("train/")}
        self.text = "  ".join(f"{name} {value:.4g}" for name, value in means.items())
        if self.metric in scores:
            self.score = f"{self.metric} {scores[self.metric]:.4g}"
        if self.shown:
            self.print_state(time.monotonic())

    def print_state(self, now: float) -> None:
        if self.live:
            self.bar.update(self.id, completed=self.done)
        elif now - self.printed >= PLAIN_EVERY:
            self.printed = now
            self.console.print(f"{self.label}  {self.state_text()}")

    def state_text(self) -> str:
        gone = self.done - self.first
        left = (time.monotonic() - self.began) / gone * (self.epochs - self.done) if gone > 0 else None
        rate = f"{self.rate:.0f} {self.unit}/s" if self.rate else ""
        remaining = f"{duration(left)} left" if left and self.done < self.epochs else ""
        parts = [f"epoch {min(int(self.done) + 1, self.epochs)}/{self.epochs}", remaining, self.text, self.score, rate]
        return "  ".join(part for part in parts if part)


class State(ProgressColumn):
    def __init__(self, bar: ProgressBar) -> None:
        super().__init__(table_column=Column(no_wrap=True, overflow="ellipsis"))  # a narrow terminal cuts the rate off
        self.owner = bar

    def render(self, task: Task) -> Text:
        return Text(self.owner.state_text())


class ReadyEvent:
    """Stands for an event where copies are immediate."""

    def query(self) -> bool:
        return True


def start_copy(sums: Any) -> tuple[Any, list[str], torch.Tensor, dict[str, int]] | None:
    if not sums.totals:
        return None
    values = torch.stack(list(sums.totals.values()))
    event: Any = ReadyEvent()
    if values.is_cuda:
        values = torch.empty_like(values, device="cpu", pin_memory=True).copy_(values, non_blocking=True)
        event = torch.cuda.Event()
        event.record()
    return event, list(sums.totals), values, dict(sums.counts)
