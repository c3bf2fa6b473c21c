"""Configurations remembered on disk: the same answers, and never a stale one."""

import json
import shutil
import subprocess
import sys

import pytest

from experiments.config import composition, recipes, revisions
from experiments.config.compose import compose

WORDS = ("optimizer=adam", "data=digits", "scale=quick")


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """A cache of its own, and a count of how often Hydra is asked."""
    asked = []
    hydra = composition.ask_hydra
    monkeypatch.setattr(composition, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(composition, "ask_hydra", lambda *a: asked.append(a) or hydra(*a))
    forget()
    yield asked
    forget()


def forget():
    """As in a new process."""
    composition.remembered.cache_clear()
    composition.configuration_files.cache_clear()
    composition.prepare_hydra.cache_clear()


def test_an_answer_is_asked_for_once_and_is_the_same_from_disk(cache):
    first = composition.resolved(WORDS)
    forget()
    assert composition.resolved(WORDS) == first and len(cache) == 1
    assert composition.resolved((*WORDS, "optimizer.lr=0.5"))[0]["optimizer"]["lr"] == 0.5 and len(cache) == 2
    assert composition.resolved(("optimizer=sgd",), complete=False) and len(cache) == 3


def test_who_changes_an_answer_changes_only_his_own(cache):
    values, _ = composition.resolved(WORDS)
    values["optimizer"]["lr"] = "changed"
    values["optimizer"]["betas"].append(3)
    assert composition.resolved(WORDS)[0]["optimizer"]["betas"] == [0.9, 0.999]
    assert composition.resolved(WORDS)[0]["optimizer"]["lr"] == 0.001


@pytest.fixture
def copied_configs(tmp_path, monkeypatch):
    """A copy of configs/ that may be changed."""
    folder = tmp_path / "configs"
    shutil.copytree(composition.CONFIGS, folder)
    for module in (composition, recipes):
        monkeypatch.setattr(module, "CONFIGS", folder)
    monkeypatch.setattr(composition, "ROOT", tmp_path)
    monkeypatch.setattr(composition, "CODE", folder)
    return folder


def replace_in(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_a_changed_configuration_file_is_seen(cache, copied_configs):
    assert composition.resolved(WORDS)[0]["checkpoint_seconds"] == 60
    replace_in(copied_configs / "train.yaml", "checkpoint_seconds: 60", "checkpoint_seconds: 61")
    forget()
    assert composition.resolved(WORDS)[0]["checkpoint_seconds"] == 61


def test_a_new_configuration_file_is_seen(cache, copied_configs):
    composition.resolved(WORDS)
    state = composition.state_of_inputs()
    (copied_configs / "optimizer" / "new.yaml").write_text("lr: 1\n")
    forget()
    assert composition.state_of_inputs() != state


def test_a_changed_environment_variable_is_seen_at_once(cache, monkeypatch):
    monkeypatch.setenv("STORE", "here")
    assert composition.resolved(WORDS)[0]["store"] == "here"
    monkeypatch.setenv("STORE", "there")
    assert composition.resolved(WORDS)[0]["store"] == "there"
    monkeypatch.setenv("DATA_ROOT", "data/elsewhere")
    assert composition.resolved(("optimizer=adam", "data=cifar10"))[0]["data"].get("root") in (None, "data/elsewhere")


def test_a_changed_tuned_recipe_is_seen_at_once(cache, monkeypatch, tmp_path):
    monkeypatch.setenv("STORE", str(tmp_path / "runs"))
    row = tmp_path / "tuned" / "adabelief-cifar" / "adam.yaml"
    row.parent.mkdir(parents=True)
    words = [*WORDS, "protocol=clean", "recipe=tuned"]
    for lr in (0.25, 0.125):
        row.write_text(f"digits/vgg11/clean-quick: {{lr: {lr}, source: tuned}}\n")
        assert compose(words).config["optimizer"]["lr"] == lr


@pytest.mark.parametrize("package", ["hydra-core", "omegaconf"])
def test_another_version_of_what_composes_is_seen(cache, monkeypatch, package):
    state = composition.state_of_inputs()
    real = composition.version
    monkeypatch.setattr(composition, "version", lambda name: "99" if name == package else real(name))
    forget()
    assert composition.state_of_inputs() != state


def test_a_changed_revision_or_content_is_seen(cache, monkeypatch, tmp_path):
    """They are read from the source each time a process asks, so that no answer on disk holds one."""
    (tmp_path / "optimizers").mkdir()
    (tmp_path / "optimizers" / "__init__.py").write_text("from .adam import Adam\n")
    source = tmp_path / "optimizers" / "adam.py"
    monkeypatch.setattr(revisions, "ROOT", tmp_path)
    for number in (1, 2):
        source.write_text(f"REVISION = {number}\nCONTENT = {{'digits': 'hash {number}'}}\n\n\nclass Adam:\n    pass\n")
        revisions.constants.cache_clear()
        revisions.names_of.cache_clear()
        assert revisions.revision_of("optimizers.Adam") == number
        assert revisions.content_of("optimizers.adam.Adam", "digits") == f"hash {number}"
    revisions.constants.cache_clear()
    revisions.names_of.cache_clear()


def test_what_is_torn_or_foreign_in_the_cache_is_passed_over(cache):
    first = composition.resolved(WORDS)
    path = composition.cache_file(composition.state_of_inputs())
    path.write_bytes(b"\xff\x00 no text\n" + path.read_bytes()[:-40] + b"\n{}\n[1]\n")
    forget()
    assert composition.resolved(WORDS) == first and len(cache) == 2


def test_a_folder_that_cannot_be_written_costs_time_alone(cache, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(composition, "CACHE", tmp_path / "file" / "cache")
    assert composition.resolved(WORDS)[1]["optimizer"] == "adam"


def test_old_states_are_forgotten(cache, monkeypatch):
    for number in range(8):
        monkeypatch.setenv("STORE", f"store{number}")
        composition.resolved(WORDS)
    assert len(list(composition.CACHE.iterdir())) == composition.KEPT


READ = """
import json, sys
from experiments.config.compose import compose
request = compose(json.loads(sys.argv[1]))
print(json.dumps([request.fingerprint, sorted(m for m in ("torch", "hydra", "torchvision") if m in sys.modules)]))
"""


def test_a_known_configuration_needs_neither_hydra_nor_torch():
    words = json.dumps([*WORDS, "model.width=0.375"])
    answers = [
        subprocess.run([sys.executable, "-c", READ, words], capture_output=True, text=True, check=True) for _ in "ab"
    ]
    (first, _), (second, modules) = (json.loads(answer.stdout) for answer in answers)
    assert first == second == compose(json.loads(words)).fingerprint and modules == []


AHEAD = """
import os, sys, time
from pathlib import Path
from experiments.config import composition
from experiments.config.cli import run_command

composition.CACHE = Path(sys.argv[1])
composition.prepare_hydra = lambda _: None
composition.ask_hydra = lambda overrides, complete: ({"pid": os.getpid()}, {})

def main():
    for number in range(40):
        composition.resolve_ahead([((f"a={number}", f"b={n}"), True) for n in range(12)])
    return 0

run_command(main)
"""


def test_composing_ahead_ends_also_in_a_command_that_handles_signals(tmp_path):
    """Forked workers had the command's handler of SIGTERM: told to end in the wrong moment, they never did."""
    subprocess.run([sys.executable, "-c", AHEAD, str(tmp_path)], check=True, timeout=120)
    lines = [json.loads(line) for path in tmp_path.iterdir() for line in path.read_text().splitlines()]
    assert len(lines) == 40 * 12


PASSED_OVER = """
import sys
from pathlib import Path
from experiments.config import composition

composition.CACHE = Path(sys.argv[1])
names = ("adam", "sgd", "yogi", "radam", "nobody", "lion", "adan", "adamw")
moment = ("store=${now:%S}", "optimizer=adam")
composition.resolve_ahead([(moment, True), *(((f"optimizer={name}",), True) for name in names)])
print("torch" in sys.modules, len(composition.remembered(composition.state_of_inputs())))
"""


def test_what_cannot_be_composed_ahead_is_passed_over(tmp_path):
    """In a process without torch, which alone composes ahead; nobody, lion and adan have no row in the default cell."""
    program = [sys.executable, "-c", PASSED_OVER, str(tmp_path)]
    said = subprocess.run(program, check=True, timeout=120, capture_output=True, text=True).stdout
    assert said.split() == ["False", "5"]


def test_an_override_that_reads_the_moment_is_never_remembered(cache, monkeypatch):
    for value in ("0.25", "0.5"):
        monkeypatch.setenv("RATE", value)
        assert composition.resolved((*WORDS, "optimizer.lr=${oc.env:RATE}"))[0]["optimizer"]["lr"] == value
    composition.resolve_ahead([((f"store=run{n}/${{now:%S}}",), True) for n in range(20)])
    assert composition.remembered(composition.state_of_inputs()) == {}


def test_an_answer_of_files_that_were_edited_meanwhile_is_not_kept(cache, copied_configs):
    composition.resolved(WORDS)
    replace_in(copied_configs / "train.yaml", "checkpoint_seconds: 60", "checkpoint_seconds: 61")
    assert composition.resolved((*WORDS, "seed=1"))[0]["checkpoint_seconds"] == 61  # this process has it all the same
    replace_in(copied_configs / "train.yaml", "checkpoint_seconds: 61", "checkpoint_seconds: 60")
    forget()
    assert composition.resolved((*WORDS, "seed=1"))[0]["checkpoint_seconds"] == 60
