"""The folder is a package of its own: it needs nothing of the suite, and works under another name."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from optimizers.__main__ import markdown_table

PACKAGE = Path(__file__).parents[2] / "optimizers"
FILES = sorted(PACKAGE.rglob("*.py"))
OUTSIDE = {"torch", *sys.stdlib_module_names}


def absolute_imports(path):
    """Top-level packages that a file imports by their names, at any depth."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module.partition(".")[0]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_torch_and_the_standard_library_are_imported_by_name(path):
    assert set(absolute_imports(path)) <= OUTSIDE


STEP = """
import sys, torch
from adabelief_optimizers import AdaBelief, MuonAndRest
for mode in ("loop", "compiled"):
    p = torch.nn.Parameter(torch.ones(3))
    p.grad = torch.ones(3)
    AdaBelief([p], lr=0.5, mode=mode).step()
    assert bool((p < 1).all())
assert "optimizers" not in sys.modules
"""


@pytest.mark.parametrize("arguments", [["-c", STEP], ["-m", "adabelief_optimizers"]], ids=["step", "table"])
def test_the_package_works_under_another_name(arguments, tmp_path):
    shutil.copytree(PACKAGE, tmp_path / "adabelief_optimizers", ignore=shutil.ignore_patterns("__pycache__"))
    done = subprocess.run([sys.executable, *arguments], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ("" if arguments[0] == "-c" else markdown_table() + "\n")
