"""Bad input ends in one clear sentence and status 1, and leaves nothing in the store but lock files."""

import os
import subprocess
import sys
import urllib.error

import pytest

from experiments import grid, run
from experiments.cli import guarded, sentence
from experiments.compose import compose

TINY = ["data=digits", "scale=quick", "optimizer=adam", "epochs=1", "model.width=0.0625", "threads=1", "progress=none"]


@pytest.fixture(autouse=True)
def plain_errors(monkeypatch):
    monkeypatch.setenv("HYDRA_FULL_ERROR", "0")  # which `guarded` sets for the rest of a process


@pytest.fixture
def refuse(tmp_path, capsys):
    """Run words as the command does; return its one line of complaint."""

    def call(*words):
        given = {w.partition("=")[0] for w in words}
        kept = [w for w in TINY if w.partition("=")[0] not in given and not (w.startswith("model.") and "model" in given)]
        with pytest.raises(SystemExit) as exit:
            guarded(lambda: run.run(compose([*kept, *words, f"store={tmp_path / 'runs'}"])) and 0)
        said = capsys.readouterr()
        assert exit.value.code == 1 and said.out == "" and len(said.err.strip().splitlines()) == 1
        left = [p for p in (tmp_path / "runs").rglob("*") if p.is_file() and ".locks" not in p.parts]
        assert left == []
        return said.err.strip()

    return call


@pytest.mark.parametrize("words, message", [
    (["optimizer=adabeleif"], "no optimizer called 'adabeleif'; did you mean 'adabelief'?; there are adabelief, adabound"),
    (["model=resnet43"], "no model called 'resnet43'; did you mean 'resnet34'?"),
    (["protocol=papper"], "no protocol called 'papper'; did you mean 'paper'?"),
    (["scale=huge"], "no scale called 'huge'"),
    (["optimizer.lrr=1"], "no key 'optimizer.lrr' in the configuration; did you mean 'optimizer.lr'?"),
    (["optimizre=adam"], "no key 'optimizre' in the configuration; did you mean 'optimizer"),
    (["optimizer.lr=-1"], "lr must be a finite number, zero or more, got -1"),
    (["optimizer.lr=fast"], "lr must be a finite number, zero or more, got 'fast'"),
    (["precision=fp64"], "precision must be one of fp32, tf32, bf16, got 'fp64'"),
    (["device=cuda:99"], "device 'cuda:99' cannot be used"),
    (["progress=fancy"], "progress must be one of auto, lines, none, got 'fancy'"),
    (["task.batch_size=0"], "batch_size must be a whole number, one or more, got 0"),
    (["protocol.validation=2"], "validation is a share of the training images in [0, 1), got 2"),
    (["+optimizer.momentum=0.9"], "momentum"),
    (["optimizer=external", "optimizer._target_=nowhere.Nothing", "optimizer.lr=1"], "nowhere"),
    (["optimizer=external", "optimizer._target_=torch.optim.SGD"], "optimizer.lr"),
])  # fmt: skip
def test_a_wrong_word_is_named(refuse, words, message):
    assert message in refuse(*words)


def test_no_data_and_no_network(refuse, tmp_path, monkeypatch):
    def unreachable(*args, **kwargs):
        raise urllib.error.URLError("no route to host")

    monkeypatch.setattr("torchvision.datasets.CIFAR10.__init__", unreachable)
    monkeypatch.setattr("torchvision.datasets.utils.download_and_extract_archive", unreachable)
    monkeypatch.setattr("torchvision.datasets.cifar.download_and_extract_archive", unreachable)
    said = refuse("data=cifar10", f"data.root={tmp_path / 'empty'}")
    assert "cifar-10" in said.lower() and "DATA_ROOT" in said and not list(tmp_path.glob("empty/*"))


def test_a_truncated_file(refuse, tmp_path):
    folder = tmp_path / "raw" / "cifar-10-batches-bin"
    folder.mkdir(parents=True)
    for name in [*(f"data_batch_{n}.bin" for n in range(1, 6)), "test_batch.bin"]:
        (folder / name).write_bytes(bytes(3073 * 10 - 1))
    assert "data_batch_1.bin" in refuse("data=cifar10", f"data.root={tmp_path / 'raw'}")


def test_a_missing_recipe_says_which(refuse, monkeypatch):
    assert "no recipe" in refuse("setting=adabelief-cifar", "recipe=adabelief-cifar/cifar10/vgg11/lion")


def test_the_command_itself(tmp_path):
    command = [sys.executable, "-m", "experiments.train"]
    env = {**os.environ, "STORE": str(tmp_path)}
    wrong = subprocess.run([*command, "optimizer=adamm"], capture_output=True, text=True, env=env)
    assert wrong.returncode == 1 and wrong.stderr.startswith("error: no optimizer called 'adamm'")
    assert len(wrong.stderr.strip().splitlines()) == 1 and not list(tmp_path.iterdir())
    several = subprocess.run([*command, "-m", *TINY, "seed=0,1"], capture_output=True, text=True, env=env)
    assert several.returncode == 0 and several.stdout.count("complete: ") == 2, several.stderr
    assert len(list(tmp_path.glob("*/*/*/*/*/seed=*/summary.json"))) == 2


def test_the_configuration_can_be_printed():
    words = ["--cfg", "job", "--resolve", "data=cifar100", "optimizer=msvag"]
    shown = subprocess.run([sys.executable, "-m", "experiments.train", *words], capture_output=True, text=True)
    assert shown.returncode == 0 and "lr: 0.1" in shown.stdout and "assumption" in shown.stdout


def test_a_grid_names_its_mistakes_in_the_same_way(capsys):
    with pytest.raises(SystemExit) as exit:
        guarded(lambda: grid.main(["grid=cifr"]))
    assert exit.value.code == 1 and "did you mean 'cifar'" in capsys.readouterr().err


def test_a_sentence_stays_one_line():
    assert "\n" not in sentence(ValueError("first\nsecond\nthird"))
