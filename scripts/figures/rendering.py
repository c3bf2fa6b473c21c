"""From figures to files: a png and a pdf each, the same bytes from the same figure, drawn only where they are missing
or were made from something else."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib

from experiments.config.cli import end_when_told
from experiments.store.atomic_write import atomic_write
from scripts.figures.digest import figure_digest
from scripts.figures.figure import Figure

FORMATS = ("png", "pdf")
DPI = 110
STAMP = "adabelief-suite, made from sha256 "  # what a file says before the digest of its figure
ENDS = {"png": b"IEND\xaeB`\x82", "pdf": b"%%EOF\n"}  # a file without its end was cut off


@dataclass(frozen=True)
class Rendered:
    """A figure's files; `drawn` where they were made now, and not found as they have to be."""

    figure: Figure
    paths: list[Path]
    drawn: bool


def render_all(figures: Sequence[Figure], folder: Path, processes: int | None = None) -> Iterator[Rendered]:
    """Bring the files of figures in a folder up to date, those that have to be drawn in several processes (one for each
    core that this one may use). Yields in the order of the figures. Raises OSError where a file cannot be written."""
    digests = [figure_digest(figure) for figure in figures]
    current = [is_up_to_date(figure, digest, folder) for figure, digest in zip(figures, digests)]
    waiting = [figure for figure, done in zip(figures, current) if not done]
    processes = min(processes or usable_cores(), len(waiting))
    with ProcessPoolExecutor(processes, initializer=end_when_told) if processes > 1 else nullcontext() as pool:
        arguments = waiting, [folder] * len(waiting)
        drawn = pool.map(render, *arguments) if pool else map(render, *arguments)
        for figure, done in zip(figures, current):
            yield Rendered(figure, file_paths(figure, folder) if done else next(drawn), not done)


def usable_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def file_paths(figure: Figure, folder: Path) -> list[Path]:
    return [folder / f"{figure.name}.{kind}" for kind in FORMATS]


def is_up_to_date(figure: Figure, digest: str, folder: Path) -> bool:
    """Whether all files of a figure say that they were made from it, and are whole."""
    for path in file_paths(figure, folder):
        try:
            content = path.read_bytes()
        except OSError:
            return False
        if f"{STAMP}{digest}".encode() not in content or not content.endswith(ENDS[path.suffix[1:]]):
            return False
    return True


def render(figure: Figure, folder: Path) -> list[Path]:
    """Draw a figure and write its files, whatever is there; returns their paths. A user's own settings of matplotlib
    have no say. Raises OSError where a file cannot be written."""
    stamp = f"{STAMP}{figure_digest(figure)}"
    metadata: dict[str, dict[str, Any]] = {
        "png": {"Software": None, "Comment": stamp},
        "pdf": {"CreationDate": None, "Keywords": stamp},
    }
    paths = file_paths(figure, folder)
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        canvas = figure.draw()
        for path, kind in zip(paths, FORMATS):  # each lays the canvas out anew: texts are not equally wide in both
            content = BytesIO()
            canvas.savefig(content, format=kind, dpi=DPI, metadata=metadata[kind])
            atomic_write(path, content.getvalue())
    return paths
