"""What is hashed of a configuration: its values as they were spelt at commit 3412ec2, wherever code lives now."""

import json
import re
import shlex
from pathlib import Path

import pytest

from experiments.config.compose import compose
from experiments.config.fingerprint import HASHED_TARGETS, fingerprint, identity
from experiments.config.paths import ARCHIVE, CONFIGS, ROOT
from experiments.config.yaml_files import parse_yaml
from experiments.store.run_files import run_path

FOLDERS = sorted(path.parent for path in (ROOT / ARCHIVE).glob("*/*/*/*/*/seed=*/summary.json"))


def summary_of(folder):
    return json.loads((folder / "summary.json").read_text())


def test_every_archived_record_has_the_fingerprint_that_it_was_given():
    assert len(FOLDERS) >= 206
    wrong = [
        str(folder)
        for folder in FOLDERS
        if fingerprint(parse_yaml((folder / "config.yaml").read_bytes())) != summary_of(folder)["fingerprint"]
    ]
    assert wrong == []


def test_every_archived_command_still_asks_for_its_record():
    """`at_floor`, `recipe=none`, quoted values and `step` as it was spelt then among them."""
    wrong = []
    for folder in FOLDERS:
        summary = summary_of(folder)
        request = compose(shlex.split(summary["command"])[3:])
        content = parse_yaml((folder / "config.yaml").read_bytes())["content"]
        found = request.with_content(content).fingerprint, str(run_path(request))
        if found != (summary["fingerprint"], summary["path"]):
            wrong.append((summary["path"], *found))
    assert wrong == []


def test_what_is_mapped_exists_under_its_present_name_alone():
    """A line of the table that names a class which is nowhere would keep a record valid by accident."""
    used = set()
    for path in CONFIGS.rglob("*.yaml"):
        used |= set(re.findall(r"_target_: ([\w.]+)", path.read_text()))
    assert set(HASHED_TARGETS) <= used and not set(HASHED_TARGETS.values()) & used
    for target in HASHED_TARGETS:
        module, _, name = target.rpartition(".")
        assert re.search(rf"^class {name}\b", (ROOT / f"{module.replace('.', '/')}.py").read_text(), re.M)


@pytest.mark.parametrize("old, new", [("plain", "none"), ("again", "after_backward"), ("only", "only")])
def test_a_renamed_key_is_hashed_as_it_was(old, new):
    assert identity({"step": old}) == identity({"closure": new}) == {"step": old}


def test_a_value_that_counts_makes_another_fingerprint_and_one_that_does_not_none():
    config = compose(["optimizer=adam", "data=digits", "scale=quick"]).config
    assert fingerprint({**config, "threads": 7, "store": "elsewhere"}) == fingerprint(config)
    assert fingerprint({**config, "closure": "only"}) != fingerprint(config)
    assert fingerprint({**config, "batches_per_epoch": 3}) != fingerprint(config)
    assert "rate_drops.of" not in identity(config) and identity(config)["schedule.of"] == 200


def test_nothing_of_the_archive_is_missing():
    assert all((folder / name).is_file() for folder in FOLDERS for name in ("config.yaml", "metrics.jsonl"))
    assert Path("results/archive").is_dir()
