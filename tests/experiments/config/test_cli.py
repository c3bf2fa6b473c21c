"""Commands: bad input ends in one clear sentence on stderr and exit status 1, and leaves nothing half done."""

import os
import signal
import subprocess
import sys
import urllib.error

import pytest
import torchvision
import yaml
from hydra.core.config_store import ConfigStore

from data.cifar import CIFAR10
from experiments import reproduce, train
from experiments.config.cli import run_command, sentence
from experiments.config.errors import UserError
from experiments.store.run_files import read_lines, read_records

TINY = ["data=digits", "scale=quick", "optimizer=adam", "model.width=0.0625", "epochs=1", "threads=1", "progress=none"]


class Shell:
    """Commands started in this process as a shell starts them."""

    def __init__(self, store, monkeypatch, capsys):
        self.store, self.monkeypatch, self.capsys = store, monkeypatch, capsys

    def train(self, *words, given=TINY):
        named = {word.partition("=")[0] for word in words}
        kept = [word for word in given if word.partition("=")[0] not in named]
        self.monkeypatch.setattr(sys, "argv", ["experiments/train.py", *words, *kept, f"store={self.store.path}"])
        return self(train.main)

    def __call__(self, main):
        """Returns exit status, stdout and stderr."""
        self.monkeypatch.setenv("HYDRA_FULL_ERROR", "0")  # which `guarded` sets for the rest of a process
        with pytest.raises(SystemExit) as end:
            run_command(main)
        said = self.capsys.readouterr()
        if isinstance(end.value.code, str):  # Python's own reading of such a status
            return 1, said.out, f"{said.err}{end.value.code}\n"
        return end.value.code, said.out, said.err

    def left(self):
        """The files in the store, but for locks."""
        return [path for path in self.store.path.rglob("*") if path.is_file() and ".locks" not in path.parts]


@pytest.fixture
def shell(store, monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    before = signal.getsignal(signal.SIGTERM)
    yield Shell(store, monkeypatch, capsys)
    signal.signal(signal.SIGTERM, before)


def refused(shell, answer, *parts):
    """Whether an answer is a refusal: one sentence that holds `parts`, and nothing left behind."""
    status, out, err = answer
    assert (status, out) == (1, "")
    assert err.startswith("error: ") and err.count("\n") == 1 and "Traceback" not in err
    assert all(part in err for part in parts), err
    assert shell.left() == []


@pytest.mark.parametrize("words, parts", [
    (["optimizer=adamm"], ["no optimizer called 'adamm'; did you mean 'adam'?", "there are adabelief, "]),
    (["optimizer=muon-deluxe"], ["no optimizer called 'muon-deluxe'; there are adabelief,"]),
    (["model=vgg12"], ["no model called 'vgg12'; did you mean 'vgg11'?"]),
    (["data=cifar11"], ["no data called 'cifar11'; did you mean 'cifar10'?"]),
    (["protocol=papr"], ["no protocol called 'papr'; did you mean 'paper'?", "clean, paper"]),
    (["scale=tiny"], ["no scale called 'tiny'; there are full, quick, small"]),
    (["logger=wanbd"], ["no logger called 'wanbd'; did you mean 'wandb'?"]),
    (["optimiser=adam"], ["no key 'optimiser'", "did you mean 'optimizer'?"]),
    (["optimiser.lr=0.1"], ["no key 'optimiser.lr'", "did you mean 'optimizer.lr'?"]),
    (["optimizer.lrr=0.1"], ["no key 'optimizer.lrr'", "did you mean 'optimizer.lr'?", "+optimizer.lrr="]),
    (["epoch=3"], ["no key 'epoch'", "did you mean 'epochs'?"]),
    (["optimizer=sgd", "optimizer.betas=[0.9,0.9]"], ["no key 'optimizer.betas'", "there are lr, momentum, nesterov"]),
    (["optimizer=external"], ["optimizer._target_ has no value"]),
    (["optimizer=external", "optimizer._target_=torch.optim.Adamm", "optimizer.lr=1"], ["torch.optim.Adamm", "import"]),
    (["+optimizer.momentum=0.9"], ["unexpected keyword argument 'momentum'"]),
    (["optimizer.lr=fast"], ["lr must be a finite number, zero or more, got 'fast'"]),
    (["optimizer.lr=-1"], ["digits/vgg11/adam", "lr must be a finite number, zero or more, got -1"]),
    (["optimizer.betas=[0.9,1]"], ["betas must lie in [0, 1), got 1"]),
    (["task.batch_size=0"], ["batch_size must be a whole number, one or more, got 0"]),
    (["protocol.validation=2"], ["validation is a share of the training images in [0, 1), got 2"]),
    (["precision=fp16"], ["precision must be one of fp32, tf32, bf16, got 'fp16'"]),
    (["device=toaster"], ["device 'toaster' cannot be used"]),
    (["device=cuda:99"], ["device 'cuda:99' cannot be used"]),
    (["progress=loud"], ["progress must be one of auto, lines, none, got 'loud'"]),
    (["data.pixels=7"], ["images of 8 pixels", "got 7"]),
    (["faster"], ["'faster'", "missing EQUAL"]),
])  # fmt: skip
def test_bad_words_are_refused_in_one_sentence(shell, words, parts):
    refused(shell, shell.train(*words), *parts)


def test_a_cell_without_a_recipe_is_refused(shell, monkeypatch):
    rows = ConfigStore.instance().repo["recipe"]["adabelief-cifar"]["paper"]["digits"]["vgg11"]
    monkeypatch.delitem(rows, "yogi.yaml")
    place = "no recipe 'adabelief-cifar/paper/digits/vgg11/yogi': this setting has no row for it"
    refused(shell, shell.train("optimizer=yogi"), place)


@pytest.fixture
def offline(monkeypatch):
    def fail(*_, **__):
        raise urllib.error.URLError("no network here")

    monkeypatch.setattr(torchvision.datasets.utils, "download_and_extract_archive", fail)


def test_no_data_and_no_network(shell, tmp_path, offline):
    words = ["data=cifar10", f"data.root={tmp_path / 'nothing'}"]
    parts = ["cifar10 is not in", str(tmp_path / "nothing"), "no network here", "DATA_ROOT"]
    refused(shell, shell.train(*words), *parts)
    grid = ["grid=cifar", "scale=small", "model=vgg11", "optimizer=adam", f"store={shell.store.path}", *words]
    status, out, err = shell(lambda: reproduce.main(grid))
    assert "1 run, 0 already done" in out
    refused(shell, (status, "", err), *parts)
    assert not (tmp_path / "nothing").exists()


def test_a_truncated_data_file(shell, tmp_path, offline):
    folder = tmp_path / CIFAR10.binary.folder
    folder.mkdir()
    for batch in CIFAR10.binary.train + CIFAR10.binary.test:
        (folder / batch.name).write_bytes(b"")
    os.truncate(folder / "data_batch_1.bin", 30_729_999)  # one byte short
    parts = ["data_batch_1.bin has 30729999 bytes", "30730000"]
    refused(shell, shell.train("data=cifar10", f"data.root={tmp_path}"), *parts)


def test_a_grid_is_refused_in_the_same_way(shell):
    refused(shell, shell(lambda: reproduce.main(["grid=cifr"])), "no grid called 'cifr'; did you mean 'cifar'?")


def test_a_real_process_refuses_too(store):
    command = [sys.executable, "-m", "experiments.train", *TINY, f"store={store.path}", "optimizer.lr=-1"]
    done = subprocess.run(command, capture_output=True, text=True)
    (line,) = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (1, "")
    assert line.startswith("error: ") and line.endswith("lr must be a finite number, zero or more, got -1")


def test_a_cause_that_is_quoted_already_is_not_said_twice():
    error = UserError("cell: width is negative")
    error.__cause__ = ValueError("width is negative")
    assert sentence(error) == "cell: width is negative"


def test_a_sentence_is_one_line():
    assert sentence(UserError("first\n  second\nthird")) == "first second"


def test_full_errors_on_demand(shell, monkeypatch):
    def main():
        raise UserError("a sentence")

    assert shell(main) == (1, "", "error: a sentence\n")
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    with pytest.raises(UserError):
        run_command(main)


def test_a_stop_has_a_status_of_its_own(shell):
    def interrupted():
        raise KeyboardInterrupt

    status, _, err = shell(interrupted)
    assert status == 130 and "goes on from the last checkpoint" in err
    assert shell(lambda: os.kill(os.getpid(), signal.SIGTERM))[0] == 143


def test_a_second_stop_leaves_the_first_time_to_end(shell):
    """`timeout` sends its signal to the process and then to the group that it is in."""
    ended = []

    def main():
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)
            ended.append("in order")

    assert shell(main)[0] == 143 and ended == ["in order"]


def test_a_fault_of_ours_is_not_passed_off_as_bad_input(shell):
    with pytest.raises(ZeroDivisionError):
        run_command(lambda: 1 // 0)


def test_the_configuration_can_be_printed_and_nothing_runs(shell):
    status, out, err = shell.train("--cfg", "job", "--resolve", given=[])
    config = yaml.safe_load(out)
    assert (status, err, shell.left()) == (0, "", [])
    assert config["optimizer"]["_target_"] == "optimizers.AdaBelief" and config["optimizer"]["eps"] == 1e-8
    assert config["recipe"]["source"].startswith("official curve file names") and config["epochs"] == 200


def test_multirun_runs_each_into_the_store(shell):
    status, out, err = shell.train("-m", "optimizer=adam,sgd", "seed=3")
    assert (status, err) == (0, "") and out.count("complete: ") == 2
    records = read_records(shell.store.path)
    assert {(r.cell.optimizer.partition(",")[0], r.seed) for r in records} == {("adam", 3), ("sgd", 3)}
    assert all(r.status == "complete" and len(read_lines(r.folder / "metrics.jsonl")) == 1 for r in records)
    assert all("-m" not in r.summary["command"].split()[3:] for r in records)
