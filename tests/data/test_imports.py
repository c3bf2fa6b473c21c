"""Importing a loader costs no import of torchvision, which takes as long as torch itself."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted(path.stem for path in (ROOT / "data").glob("*.py") if path.stem != "__init__")


@pytest.fixture(scope="module")
def imported():
    """What is imported once all modules of `data` are."""
    code = f"import sys, {', '.join(f'data.{module}' for module in MODULES)}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.split()


@pytest.mark.parametrize("package", ["torchvision", "sklearn", "torch._dynamo"])
def test_heavy_packages_are_imported_by_those_who_use_them(imported, package):
    assert "data.cifar" in imported and package not in imported
