"""Time image loaders on generated photographs: ours beside torchvision's reference and other packages.

    python -m scripts.bench_loader [--rounds 7] [--images 1024] [--workers 2] [--device cuda]

Writes results/bench/loader.{md,csv}.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
import time
from collections.abc import Sequence
from multiprocessing import get_context
from pathlib import Path

import pandas as pd
import torch

from experiments.config.cli import run_command
from experiments.runs import environment
from scripts.benchmarks.interleaved import ratio
from scripts.benchmarks.loaders import BATCH, OURS, REFERENCE, SIDE, Loader, loaders
from scripts.benchmarks.photos import CLASSES, write_photos
from scripts.benchmarks.report import keep, prepared

WARM = 4  # epochs before memory is read
HOW = """{images} generated JPEGs of about 500 x 375 pixels and {size:.0f} kB (1/f noise), cut and scaled at random to
{side} pixels, mirrored, normalised, in batches of {batch}: what torch's ImageNet example does. Each round lets every
loader deliver one epoch, in an order drawn anew: {rounds} rounds counted, one before them not; processes live on
between epochs. Speed: images per second over the reference's in the same round, median with a 95 % bootstrap interval.
Reference: ImageFolder, DataLoader and the same transforms on Pillow images, {workers} worker processes; all loaders
that say nothing else have as many workers. Full decoding everywhere but in the row that says otherwise; OpenCV's and
SPDL's rows resize with other filters than the rest. Memory: what belongs to the process and its workers alone
(proportional set size), in a fresh process, after a quarter of its fifth epoch and at the end of it."""


def measured(every: dict[str, Loader], rounds: int) -> dict[str, list[float]]:
    """Seconds of each counted epoch, by loader."""
    seconds: dict[str, list[float]] = {name: [] for name in every}
    order = random.Random(0)
    for _ in range(1 + rounds):
        for name in order.sample(list(every), len(every)):
            began = time.perf_counter()
            for images, _ in every[name]():
                float(images[0, 0, 0, 0])  # waits for the device
            seconds[name].append(time.perf_counter() - began)
    return {name: values[1:] for name, values in seconds.items()}


def memory(name: str, folder: str, workers: int, device: str, threads: int) -> tuple[int, int]:
    """MiB of a fresh process after a quarter of its epoch number WARM and at the end of it."""
    with get_context("spawn").Pool(1, initializer=undaemonised) as pool:
        return pool.apply(memory_here, (name, folder, workers, device, threads))


def undaemonised() -> None:
    """Let a pool's worker have workers itself."""
    from multiprocessing import current_process

    current_process()._config["daemon"] = False  # type: ignore[attr-defined]


def memory_here(name: str, folder: str, workers: int, device: str, threads: int) -> tuple[int, int]:
    torch.set_num_threads(threads)
    loader = loaders(Path(folder), workers, device)[name]
    for _ in range(WARM):
        batches = sum(1 for _ in loader())
    found = []
    for n, _ in enumerate(loader(), 1):
        if n in (batches // 4, batches):
            found.append(own_mib())
    return found[0], found[-1]


def own_mib() -> int:
    """Proportional set size of this process and its children, in MiB."""
    me, total = str(os.getpid()), 0
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            fields = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
            if me in (fields["PPid"].strip(), fields["Pid"].strip()):
                rollup = (status.parent / "smaps_rollup").read_text()
                total += int(next(line for line in rollup.splitlines() if line.startswith("Pss:")).split()[1])
        except OSError:  # it has just ended
            continue
    return total // 1024


def main() -> int:
    made = argparse.ArgumentParser(prog="python -m scripts.bench_loader", description="Time image loaders.")
    made.add_argument("--rounds", type=int, default=7, help="counted epochs of each (default: %(default)s)")
    made.add_argument("--images", type=int, default=1024, help="(default: %(default)s)")
    made.add_argument("--workers", type=int, default=2, help="(default: %(default)s)")
    made.add_argument("--threads", type=int, default=1, help="of what is computed beside (default: %(default)s)")
    made.add_argument("--device", default="cpu", help="cpu or cuda (default: %(default)s)")
    made.add_argument("--out", type=Path, default=Path("results/bench"), help="folder (default: %(default)s)")
    call = made.parse_args()
    setting = prepared(call)
    with tempfile.TemporaryDirectory() as folder:
        size = write_photos(Path(folder), call.images + CLASSES)
        seconds = measured(loaders(Path(folder), call.workers, call.device), call.rounds)
        held = {name: memory(name, folder, call.workers, call.device, call.threads) for name in (REFERENCE, OURS)}
    rows = [row(name, values, seconds[REFERENCE], call.images, held.get(name)) for name, values in seconds.items()]
    how = HOW.format(
        images=call.images, size=size / 1000, side=SIDE, batch=BATCH, rounds=call.rounds, workers=call.workers
    )
    keep(
        "loader",
        call,
        rows,
        ["# Speed of image loaders", "", f"{setting}; {environment.cores()} cores", "", how, "", *table(rows)],
    )
    return 0


def row(
    name: str, values: Sequence[float], reference: Sequence[float], images: int, held: tuple[int, int] | None
) -> dict:
    speed = ratio(reference, values)
    mib = {"quarter_mib": held[0], "end_mib": held[1]} if held else {}
    return {
        "loader": name, "images_per_s": images / float(pd.Series(values).median()), "ratio": speed.median,
        "low": speed.low, "high": speed.high, "n": len(values), **mib,
    }  # fmt: skip


def table(rows: Sequence[dict]) -> list[str]:
    lines = [
        "| loader | images/s | speed over the reference (95 %) | MiB at a quarter, at the end |",
        "|---|---:|---:|---:|",
    ]
    for r in sorted(rows, key=lambda r: -r["ratio"]):
        mib = f"{r['quarter_mib']}, {r['end_mib']}" if "end_mib" in r else ""
        speed = f"{r['ratio']:.2f} ({r['low']:.2f} to {r['high']:.2f})"
        lines.append(f"| {r['loader']} | {r['images_per_s']:.0f} | {speed} | {mib} |")
    return lines


if __name__ == "__main__":
    run_command(main)
