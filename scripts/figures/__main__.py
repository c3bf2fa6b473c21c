"""Figures of grids from everything at hand: scores per epoch, ours over the public record.

    python -m scripts.figures [--grid cifar,gan] [--scale full] [--out DIR] [--archive-only]

Full scale: the panels of the paper's Fig. 4 and 5, one figure per data set. Smaller scales and the first epochs get
figures of their own once there are runs to show, and so do tuning studies. Each comes as png and pdf. A figure whose
files were made from the same numbers by the same code is not drawn again.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from experiments.config.cli import run_command
from scripts.figures.catalogue import grid_figures, study_figures
from scripts.figures.figure import Figure
from scripts.figures.rendering import render_all
from scripts.loading.command_line import asked_grids, parser
from scripts.loading.grid_results import stores


def main(words: Sequence[str]) -> int:
    """Draw what the words of the command line ask for; one line for each figure says where it is. Returns 0."""
    options = parser("scripts.figures", "Draw the figures of grids.", "results/local/figures").parse_args(words)
    roots = stores(options.archive_only)
    figures: list[Figure] = [
        figure for grid, scales in asked_grids(options) for figure in grid_figures(grid, scales, roots)
    ]
    if options.studies:
        figures += study_figures(roots)
    drawn = 0
    for rendered in render_all(figures, options.out):
        drawn += rendered.drawn
        state = "drawn" if rendered.drawn else "unchanged"
        print(f"{rendered.paths[0].with_suffix('')}.{{png,pdf}}  {rendered.figure.title}  [{state}]", flush=True)
    if figures:
        print(f"{drawn} of {len(figures)} figures drawn, {len(figures) - drawn} unchanged")
    return 0


if __name__ == "__main__":
    run_command(lambda: main(sys.argv[1:]))
