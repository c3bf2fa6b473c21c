"""The W&B mirror holds what the record holds, and nothing that goes wrong in W&B costs a run more than seconds."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import pytest
import wandb
from wandb.proto.wandb_internal_pb2 import Record

from experiments.config.compose import compose
from experiments.runs import run as module
from experiments.runs.loggers import wandb as wandb_logger
from experiments.store.run_files import read_lines

MIRRORED = ["logger=wandb", "logger.mode=offline"]
KEY = "0123456789" * 4
BLOCK, HEAD = 32768, 7  # bytes
FULL, LAST = 1, 4
REST = "its record is complete without it"


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """Nobody is logged in, no W&B setting is made, and W&B starts afresh."""
    for name in [name for name in os.environ if name.startswith("WANDB_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("WANDB_ERROR_REPORTING", "false")
    mirror_in(monkeypatch, tmp_path / "mirror")
    yield
    wandb.teardown()


def mirror_in(monkeypatch, folder):
    folder.mkdir()
    monkeypatch.setenv("WANDB_DIR", str(folder))
    return folder


class Offline:
    """What the only offline run below a folder holds, read from its file."""

    def __init__(self, folder):
        wandb.teardown()  # `finish` returns before the last bytes are on disk, the end of a process waits for them
        (path,) = folder.glob("wandb/offline-run-*/*.wandb")
        found = list(records(path.read_bytes()))
        runs = [record.run for record in found if record.WhichOneof("record_type") == "run"]
        self.id, self.group, self.name = runs[-1].run_id, runs[-1].run_group, runs[-1].display_name
        self.config = values(runs[0].config.update)
        self.history = [values(r.history.item) for r in found if r.WhichOneof("record_type") == "history"]
        self.summary = {}
        for record in found:
            self.summary |= values(record.summary.update)

    def lines(self):
        """The history as `metrics.jsonl` spells it."""
        own = [{"epoch": row["_step"], **row} for row in self.history]
        return [{key: value for key, value in row.items() if not key.startswith("_")} for row in own]


def records(content):
    """The records of a .wandb file: a leveldb log, whose blocks hold parts of records, each behind a head of checksum
    (4 bytes), length (2) and kind (1)."""
    at, whole = HEAD, b""
    while at < len(content):
        if (left := BLOCK - at % BLOCK) < HEAD:
            at += left
            continue
        length, kind = int.from_bytes(content[at + 4 : at + 6], "little"), content[at + 6]
        whole += content[at + HEAD : at + HEAD + length]
        at += HEAD + length
        if kind in (FULL, LAST):
            yield Record.FromString(whole)
            whole = b""


def values(items):
    return {item.key or "/".join(item.nested_key): json.loads(item.value_json) for item in items}


def test_an_offline_run_read_back_holds_the_record(store, tmp_path):
    status, folder = store.run(*MIRRORED, "seed=5")
    found, summary = Offline(tmp_path / "mirror"), json.loads((folder / "summary.json").read_text())
    assert status == "complete" and found.lines() == read_lines(folder / "metrics.jsonl")
    assert len(found.history) == 3
    assert all({"train/loss", "train/accuracy", "test/accuracy"} <= row.keys() for row in found.history)
    assert found.group == "digits/vgg11/adam,epochs=3,model.width=0.0625/paper-quick" and found.name == "seed 5"
    assert {key: found.summary[f"scores/{key}"] for key in summary["scores"]} == summary["scores"]
    assert (found.summary["status"], found.summary["fingerprint"]) == ("complete", summary["fingerprint"])
    assert (found.config["optimizer"]["lr"], found.config["epochs"], found.config["seed"]) == (1e-3, 3, 5)


def test_a_language_models_perplexities_arrive(tmp_path):
    words = ["task=language_model", "setting=adabelief-ptb", "data=topics", "model=lstm1", "scale=quick", "threads=1",
             "optimizer=adam", "epochs=2", "model.width=0.02", "task.batch_size=40"]  # fmt: skip
    request = compose([*words, *MIRRORED, f"store={tmp_path / 'runs'}"])
    assert module.run(request) == "complete"
    lines = read_lines(tmp_path / "runs" / module.run_path(request) / "metrics.jsonl")
    found = Offline(tmp_path / "mirror")
    assert found.lines() == lines and len(lines) == 2
    assert all({"test/perplexity", "train/perplexity", "train/epoch_perplexity"} <= row.keys() for row in found.history)
    assert found.summary["scores/final"] == lines[-1]["test/perplexity"]


def test_a_resumed_run_is_replayed_under_the_same_id(store, tmp_path, monkeypatch):
    first = mirror_in(monkeypatch, tmp_path / "first")
    assert store.run(*MIRRORED, "max_seconds=0")[0] == "unfinished"
    second = mirror_in(monkeypatch, tmp_path / "second")
    status, folder = store.run(*MIRRORED)
    lines = read_lines(folder / "metrics.jsonl")
    assert status == "complete" and [line["epoch"] for line in lines] == [0, 1, 2]
    cut, whole = Offline(first), Offline(second)
    assert cut.lines() == lines[:1] and whole.lines() == lines and cut.id == whole.id
    other = mirror_in(monkeypatch, tmp_path / "other")
    store.run(*MIRRORED, "seed=1", "epochs=1")
    assert Offline(other).id != whole.id


def test_a_run_that_failed_does_not_get_the_next_ones_curves(store, tmp_path, monkeypatch):
    failed = mirror_in(monkeypatch, tmp_path / "failed")
    with monkeypatch.context() as patch, pytest.raises(RuntimeError):
        patch.setattr(module, "fit", lambda *_: (_ for _ in ()).throw(RuntimeError("out of memory")))
        store.run(*MIRRORED, "seed=1")
    following = mirror_in(monkeypatch, tmp_path / "following")
    _, folder = store.run(*MIRRORED)
    assert Offline(following).lines() == read_lines(folder / "metrics.jsonl")
    assert Offline(failed).lines() == []


def uninstalled(monkeypatch):
    monkeypatch.setitem(sys.modules, "wandb", None)
    return "start"


def broken(monkeypatch):
    monkeypatch.setattr(wandb, "init", lambda **_: (_ for _ in ()).throw(ValueError("first line\nsecond line")))
    return "start"


def hanging(monkeypatch):
    monkeypatch.setattr(wandb_logger, "GRACE", 0.5)
    monkeypatch.setattr(wandb, "init", lambda **_: time.sleep(60))
    return "start"


def unreachable(monkeypatch):
    monkeypatch.setenv("WANDB_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("WANDB_API_KEY", KEY)
    return "start"


def with_run(monkeypatch, **methods):
    idle = {"step": 0, "log": lambda *_, **__: None, "summary": {}, "finish": lambda: None}
    monkeypatch.setattr(wandb, "init", lambda **_: SimpleNamespace(**idle | methods))


def breaking_later(monkeypatch):
    with_run(monkeypatch, log=lambda *_, **__: (_ for _ in ()).throw(BrokenPipeError("gone")))
    return "log"


def hanging_at_the_end(monkeypatch):
    monkeypatch.setattr(wandb_logger, "GRACE", 0.5)
    with_run(monkeypatch, finish=lambda: time.sleep(60))
    return "finish"


@pytest.mark.parametrize(
    "trouble", [uninstalled, broken, hanging, unreachable, breaking_later, hanging_at_the_end], ids=lambda f: f.__name__
)
def test_trouble_in_wandb_costs_a_run_seconds_and_one_line(store, monkeypatch, capfd, trouble):
    what = trouble(monkeypatch)
    began = time.monotonic()
    status, folder = store.run("logger=wandb", "logger.mode=online", "logger.timeout=0.2", "epochs=2")
    assert time.monotonic() - began < 8
    assert status == "complete" and json.loads((folder / "summary.json").read_text())["status"] == "complete"
    assert len(read_lines(folder / "metrics.jsonl")) == 2
    said = capfd.readouterr()
    (line,) = (said.out + said.err).splitlines()
    assert line.startswith(f"W&B could not {what} (") and line.endswith("; the run goes on, " + REST)


def test_an_answer_that_comes_too_late_is_not_taken_up(store, monkeypatch, capsys):
    called, told, waiting = [], threading.Event(), []
    asked = threading.Event()
    monkeypatch.setattr(wandb_logger, "GRACE", 0.0)

    def late(**_):
        waiting.append(threading.current_thread())
        asked.set()
        told.wait(10)
        return SimpleNamespace(
            step=0, log=lambda *_, **__: called.append("log"), finish=lambda: called.append("finish")
        )

    monkeypatch.setattr(wandb, "init", late)
    request = store.request()
    mirrored = wandb_logger.WandbLogger("project", mode="offline", timeout=0.05)
    mirrored.start({"cell": vars(request.cell), "seed": 0, "fingerprint": "", "path": ""}, request.config, [])
    assert asked.wait(10)
    told.set()
    waiting[0].join(10)
    mirrored.log_epoch({"epoch": 0, "test/accuracy": 10.0})
    mirrored.finish(None)
    assert called == [] and "no answer within 0.05 s" in capsys.readouterr().out


def test_without_a_logger_wandb_is_not_imported(store):
    words = [*store.request("epochs=1").overrides, "logger=none"]
    command = [sys.executable, "-X", "importtime", "-m", "experiments.train", *words]
    done = subprocess.run(command, capture_output=True, text=True)
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert done.returncode == 0 and done.stdout.startswith("complete: ")
    assert {"torch", "experiments"} <= imported and "wandb" not in imported


def test_a_mode_that_the_user_set_wins(monkeypatch):
    monkeypatch.setenv("WANDB_API_KEY", KEY)
    for mode in ("offline", "disabled"):
        monkeypatch.setenv("WANDB_MODE", mode)
        assert wandb_logger.default_mode() == mode


def test_online_only_when_logged_in_and_nobody_is_asked(tmp_path, monkeypatch):
    """No input is read and the server sees no connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        host = f"127.0.0.1:{server.getsockname()[1]}"
        monkeypatch.setenv("WANDB_BASE_URL", f"http://{host}")
        monkeypatch.setattr("builtins.input", lambda *_: pytest.fail("asked"))
        assert wandb_logger.default_mode() == "offline"
        monkeypatch.setenv("WANDB_API_KEY", KEY)
        assert wandb_logger.default_mode() == "online"
        monkeypatch.delenv("WANDB_API_KEY")
        wandb.teardown()
        (tmp_path / "netrc").write_text(f"machine {host} login user password {KEY}\n")
        (tmp_path / "netrc").chmod(0o600)
        assert wandb_logger.default_mode() == "online"
        with pytest.raises(BlockingIOError):
            server.accept()
