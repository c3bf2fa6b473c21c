"""Time a step of every optimizer, beside torch's Adam and the public packages.

    python -m scripts.bench_optimizers [--rounds 20] [--threads 2] [--device cpu] [--out results/bench]

Writes optimizers.md, optimizers.csv and optimizers.png. Seconds belong to the machine; the ratios are the result.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pandas as pd
import torch

from experiments.config.cli import run_command
from experiments.config.errors import UserError
from experiments.runs import environment
from optimizers.__main__ import RULES
from optimizers.backends.c_compiler import find_compiler
from scripts.benchmarks.chart import draw
from scripts.benchmarks.contestants import OURS, REFERENCE, Contestant, ours, peers, shapes_of, torch_adam
from scripts.benchmarks.interleaved import WARM, ratio, seconds_per_step

SETS = ("ResNet34", "DenseNet121", "many small")
BYTES = 28  # a parameter and step with two slots: read p, g and the slots, write p and the slots
PACKAGES = ("adabelief-pytorch", "timm", "pytorch_optimizer", "heavyball")
FIRST_STEP = """
import time, torch
from optimizers import AdaBelief
p = torch.nn.Parameter(torch.ones(3)); p.grad = torch.ones(3)
optimizer = AdaBelief([p], mode="compiled")
began = time.perf_counter(); optimizer.step(); print(time.perf_counter() - began)
"""


def main() -> int:
    call = arguments()
    if call.device != "cpu" and not torch.cuda.is_available():
        raise UserError(f"device {call.device!r} cannot be used: there is no GPU here")
    torch.set_num_threads(call.threads)
    rows: list[dict] = []
    for name in call.sets.split(","):
        if name not in SETS:
            raise UserError(f"no set called {name!r}; there are {', '.join(SETS)}")
        print(f"{name}: AdaBelief and its peers")
        rows += measured("peers", name, [*ours("AdaBelief"), *torch_adam(), *peers()], call)
    for name in RULES if not call.peers_only else []:
        print(f"{call.sets.split(',')[0]}: {name}")
        fused = [c for c in torch_adam() if c.name == REFERENCE]
        rows += measured("rules", call.sets.split(",")[0], [*ours(name), *fused], call)
    table = pd.DataFrame(rows)
    call.out.mkdir(parents=True, exist_ok=True)
    stem = call.out / ("optimizers" if call.device == "cpu" else "optimizers-cuda")
    table.to_csv(stem.with_suffix(".csv"), index=False, float_format="%.6g")
    shown = text(table, call)
    stem.with_suffix(".md").write_text(shown)
    draw(table[table["part"] == "peers"], call.sets.split(","), setting(call), stem.with_suffix(".png"))
    print(f"\n{shown}\nwritten: {', '.join(str(stem.with_suffix(s)) for s in ('.md', '.csv', '.png'))}")
    return 0


def arguments() -> argparse.Namespace:
    made = argparse.ArgumentParser(prog="python -m scripts.bench_optimizers", description="Time optimizer steps.")
    made.add_argument("--rounds", type=int, default=20, help="counted steps of each (default: %(default)s)")
    made.add_argument("--threads", type=int, default=environment.cores(), help="(default: %(default)s)")
    made.add_argument("--device", default="cpu", help="cpu or cuda (default: %(default)s)")
    made.add_argument("--sets", default=",".join(SETS), help="separated by commas (default: %(default)s)")
    made.add_argument("--peers-only", action="store_true", help="without the table of every rule")
    made.add_argument("--out", type=Path, default=Path("results/bench"), help="folder (default: %(default)s)")
    return made.parse_args()


def measured(part: str, name: str, contestants: Sequence[Contestant], call: argparse.Namespace) -> list[dict]:
    """Rows of the table: one for each contestant, ratios taken within rounds."""
    shapes = shapes_of(name)
    seconds, launches = seconds_per_step(contestants, shapes, call.rounds, call.device, BYTES)
    numbers = sum(shape.numel() for shape in shapes)
    own = {c.name for c in contestants if c.ours}
    rows = []
    for contestant, times in seconds.items():
        relative, median = ratio(times, seconds[REFERENCE]), float(pd.Series(times).median())
        rows.append({
            "part": part, "set": name, "contestant": contestant, "ours": contestant in own,
            "median_ms": 1e3 * median, "gb_per_s": BYTES * numbers / median / 1e9,
            "launches": launches.get(contestant), "ratio": relative.median, "low": relative.low,
            "high": relative.high, "n": len(times), "tensors": len(shapes), "numbers": numbers,
        })  # fmt: skip
    return rows


def text(table: pd.DataFrame, call: argparse.Namespace) -> str:
    parts = [f"# Time of an optimizer step\n\n{setting(call)}\n\n{HOW.format(rounds=call.rounds, warm=WARM)}"]
    for name in call.sets.split(","):
        rows = table[(table["part"] == "peers") & (table["set"] == name)].sort_values("ratio")
        first = rows.iloc[0]
        parts.append(f"## {name}: {first['tensors']} tensors, {first['numbers']:,} numbers\n\n{markdown(rows)}")
    rules = table[(table["part"] == "rules") & table["ours"]]
    if len(rules):
        parts.append(f"## Every rule on {call.sets.split(',')[0]}\n\n{wide(rules)}")
    if call.device == "cpu":
        cold, warm = first_steps()
        parts.append(
            f"First compiled step, with nothing in the cache {cold:.1f} s, with the library there {warm:.1f} s."
        )
    return "\n\n".join(parts) + "\n"


HOW = """Each round lets every contestant take one step, in an order drawn anew: {rounds} rounds counted, {warm} before
them not. Gradients are new tensors in every step, as autograd leaves them. A ratio is the median over rounds of the
quotient within a round, with a 95 % bootstrap interval. The copy moves as many bytes as AdaBelief and Adam have to read
and write (28 a parameter, the bytes behind GB/s); it also reads what it overwrites, so a loop that updates in place can
stay below it."""


def setting(call: argparse.Namespace) -> str:
    """Machine, versions, threads and allocator, in one line."""
    where = environment.processor() if call.device == "cpu" else torch.cuda.get_device_name()
    found = [f"{name} {there}" for name in PACKAGES if (there := installed(name))]
    malloc = {
        k: v
        for k, v in os.environ.items()
        if "MALLOC" in k or k in ("GLIBC_TUNABLES", "LD_PRELOAD", "THP_MEM_ALLOC_ENABLE")
    }
    allocator = ", ".join(f"{k}={v}" for k, v in sorted(malloc.items())) or "libc's malloc as it comes"
    compiled = f"C compiler {Path(find_compiler() or 'none').name}"
    return "; ".join([where, f"{call.threads} threads", f"torch {torch.__version__}", *found, compiled, allocator])


def installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def markdown(rows: pd.DataFrame) -> str:
    counted = bool(rows["launches"].notna().any())
    lines = ["| | median, ms | GB/s | times torch's fused Adam (95 %) |" + " launches |" * counted]
    lines.append("|---|---:|---:|---:|" + "---:|" * counted)
    for _, row in rows.iterrows():
        name = f"**{row['contestant']}**" if row["ours"] else row["contestant"]
        spread = f"{row['ratio']:.2f} ({row['low']:.2f} to {row['high']:.2f})"
        line = f"| {name} | {row['median_ms']:.2f} | {row['gb_per_s']:.0f} | {spread} |"
        lines.append(line + (f" {row['launches']:.0f} |" if counted else ""))
    return "\n".join(lines)


def wide(rules: pd.DataFrame) -> str:
    lines = [f"| times torch's fused Adam | {' | '.join(OURS)} |", f"|---|{'---:|' * len(OURS)}"]
    split = rules["contestant"].str.rsplit(", ", n=1, expand=True)
    for name, rows in rules.groupby(split[0], sort=False):
        ratios = dict(zip(split[1][rows.index], rows["ratio"]))
        lines.append(f"| {name} | {' | '.join(f'{ratios[mode]:.2f}' for mode in OURS)} |")
    return "\n".join(lines)


def first_steps() -> tuple[float, float]:
    """Seconds of a process's first compiled step, before and after the library is in the cache."""
    with tempfile.TemporaryDirectory() as empty:
        environment = {**os.environ, "XDG_CACHE_HOME": empty}
        command = [sys.executable, "-c", FIRST_STEP]
        took = [subprocess.run(command, env=environment, capture_output=True, text=True, check=True) for _ in range(2)]
    return float(took[0].stdout), float(took[1].stdout)


if __name__ == "__main__":
    run_command(main)
