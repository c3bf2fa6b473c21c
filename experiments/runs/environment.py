"""The machine that a run is made on: devices and threads, and what the record says of them."""

from __future__ import annotations

import ctypes
import os
import platform
import subprocess
import time
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch

from experiments.config.errors import UserError
from experiments.config.paths import ROOT

PRECISIONS = ("fp32", "tf32", "bf16")
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h
now = time.monotonic


def prepare(config: dict[str, Any], threads: int | None) -> str:
    """Set threads and precision for a run; returns the device.

    threads: those of the checkpoint that is resumed, whose bits depend on them; else the configuration's, else all.
    """
    if config["precision"] not in PRECISIONS:
        raise UserError(f"precision must be one of {', '.join(PRECISIONS)}, got {config['precision']!r}")
    # Coupled decay shrinks the weights of dead units below 1e-38, where a CPU computes by microcode: Adam on VGG11
    # takes four times as long once a fifth of them are there. They are taken for zero, which no float32
    # sum could tell; the square of a gradient below 1e-19 is zero then, without this that of one below 1e-23.
    torch.set_flush_denormal(True)
    torch.set_num_threads(threads or config["threads"] or cores())
    keep_memory()
    tf32 = config["precision"] == "tf32"
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = tf32
    device = resolve_device(config["device"])
    if device.startswith("cuda"):
        torch.cuda.reset_peak_memory_stats(device)
        torch.backends.cudnn.benchmark = True
    elif Path("/proc/self/clear_refs").exists():
        Path("/proc/self/clear_refs").write_text("5")  # resets the peak that peak_memory_mib reads
    return device


@lru_cache(maxsize=1)
def keep_memory() -> None:
    """Have glibc keep what is freed for the next step. It returns blocks of 32 MiB and more to the system at once, and
    each page of the next step's then costs a fault: a language model's logits made a quarter of its step of that."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):  # another C library, which has its own ways
        return
    mallopt(M_MMAP_THRESHOLD, 2**31 - 1)
    mallopt(M_TRIM_THRESHOLD, 2**31 - 1)


def resolve_device(name: str) -> str:
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError) as error:
        raise UserError(f"device {name!r} cannot be used: {str(error).splitlines()[0]}") from error
    return name


def device_name(asked: str) -> str:
    """As a summary has it: "cpu", or which GPU."""
    device = resolve_device(asked)
    return torch.cuda.get_device_name(device) if device.startswith("cuda") else device


def gpus() -> list[str]:
    """The names of this machine's GPUs, as a run's `device` takes them."""
    return [f"cuda:{number}" for number in range(torch.cuda.device_count())] if torch.cuda.is_available() else []


def cores() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def peak_memory_mib(device: str) -> int:
    """Peak memory of a run on `device`: the GPU's, else the process's resident memory."""
    if device.startswith("cuda"):
        return torch.cuda.max_memory_allocated(device) // 2**20
    status = Path("/proc/self/status")
    if not status.exists():
        return 0
    peak = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(peak.split()[1]) // 1024


def facts(device: str) -> dict[str, Any]:
    """What a summary says of the machine that ran on `device`, and of the code."""
    return {
        "device": device_name(device), "machine": processor(),
        "threads": torch.get_num_threads(), "versions": versions(), **commit(),
    }  # fmt: skip


@lru_cache(maxsize=1)
def processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    name = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())
    return f"{name}, {cores()} cores, {torch.backends.cpu.get_cpu_capability()}"


def versions() -> dict[str, str]:
    return {"python": platform.python_version(), "torch": str(torch.__version__)}


@lru_cache(maxsize=1)
def commit() -> dict[str, Any]:
    """The commit that this process started from, and whether tracked files differed from it."""

    def git(*words: str) -> str:
        answer = subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, text=True, check=True)
        return answer.stdout.strip()

    try:
        return {"commit": git("rev-parse", "HEAD"), "dirty": bool(git("status", "--porcelain", "-uno"))}
    except (OSError, subprocess.CalledProcessError):
        return {"commit": None, "dirty": None}
