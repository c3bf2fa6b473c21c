"""C text to a loaded library, through the machine's C compiler and a cache on disk.

The cache is $XDG_CACHE_HOME/adabelief-suite (or ~/.cache/adabelief-suite); its keys hold text, compiler, flags and CPU.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

FLAGS = ("-O3", "-march=native", "-std=gnu11", "-fno-math-errno", "-fno-trapping-math", "-shared", "-fPIC")


class MissingCompiler(RuntimeError):
    """There is no C compiler, or it cannot compile the text."""


@cache
def find_compiler() -> str | None:
    """Path of the C compiler: $CC, else the first of cc, gcc, clang that is found."""
    names = [os.environ["CC"]] if os.environ.get("CC") else ["cc", "gcc", "clang"]
    return next(filter(None, map(shutil.which, names)), None)


def load_library(text: str) -> ctypes.CDLL:
    """The library of a C text, from the cache or newly made; without OpenMP where the compiler has none.

    Raises MissingCompiler if there is no compiler or it refuses the text.
    """
    cc = find_compiler()
    if cc is None:
        raise MissingCompiler("no C compiler is found")
    key = hashlib.sha256("\n".join([text, cc, *FLAGS, cpu_description()]).encode()).hexdigest()[:32]
    library = cache_folder() / f"{key}.so"
    if not library.exists():
        build_library(text, cc, library)
    try:
        return ctypes.CDLL(str(library))
    except OSError:  # damaged
        build_library(text, cc, library)
        return ctypes.CDLL(str(library))


def build_library(text: str, cc: str, library: Path) -> None:
    """Compile beside the library, then rename: several processes may build the same one at once."""
    with tempfile.TemporaryDirectory(dir=library.parent) as scratch:
        code, fresh = Path(scratch, "rule.c"), Path(scratch, "rule.so")
        code.write_text(text)
        for openmp in (["-fopenmp"], []):
            command = [cc, *FLAGS, *openmp, str(code), "-o", str(fresh), "-lm"]
            result = subprocess.run(command, capture_output=True, text=True)
            if result.returncode == 0:
                os.replace(fresh, library)
                return
    raise MissingCompiler(f"{cc} failed: {next(iter(result.stderr.splitlines()), 'no message')}")


@cache
def cache_folder() -> Path:
    """The cache's folder; one for this process alone where it cannot be made."""
    path = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "adabelief-suite"
    try:
        path.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=path).close()
    except OSError:
        path = Path(tempfile.mkdtemp(prefix="adabelief-suite-"))
    return path


@cache
def cpu_description() -> str:
    """What `-march=native` depends on."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = [platform.processor()]
    relevant = {line for line in lines if line.startswith(("model name", "flags", "Features"))}
    return "\n".join([platform.machine(), *sorted(relevant or lines[:1])])
