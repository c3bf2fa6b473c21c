"""Looking at results is reading files: no training code, no torch."""

import json
import subprocess
import sys

import pytest

from experiments.config.paths import ROOT

ALL_TABLES = """
import json, sys
from scripts.tables.__main__ import main
main(["--archive-only", "--no-show", "--out", sys.argv[1]])
print(json.dumps(sorted(sys.modules)))
"""
FORBIDDEN = ("torch", "torchvision", "experiments.training", "experiments.tasks", "experiments.runs", "scripts.figures",
             "matplotlib", "wandb", "optuna")  # fmt: skip


def modules_after(code, *words):
    done = subprocess.run([sys.executable, "-c", code, *words], cwd=ROOT, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def test_all_tables_of_the_archive_import_neither_torch_nor_the_loop(tmp_path):
    found = modules_after(ALL_TABLES, str(tmp_path))
    assert [name for name in found if name.startswith(FORBIDDEN)] == []
    assert {path.name for path in tmp_path.glob("*.csv")} == {
        path.name for path in (ROOT / "results" / "tables").glob("*.csv")
    }


@pytest.mark.parametrize("module", ["scripts.tables.__main__", "scripts.loading.studies", "scripts.loading.sweeps"])
def test_what_few_tables_need_is_imported_by_those(module):
    found = modules_after(f"import json, sys, {module}; print(json.dumps(sorted(sys.modules)))")
    assert [name for name in found if name.partition(".")[0] in ("scipy", "statsmodels", "opda", "torch")] == []
