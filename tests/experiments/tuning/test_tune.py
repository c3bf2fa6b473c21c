"""Tuning studies: exactly so many finished trials whatever is killed or lost, fresh seeds, pruning, winners' rows."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import optuna
import pytest
import yaml

from experiments import tune
from experiments.store.lock import run_lock
from experiments.store.run_files import read_record, read_records, run_path
from experiments.studies.trials import StudyTrials
from experiments.tuning import optuna_storage
from experiments.tuning.plan import parse_tuning
from tests.experiments.workers.test_run_grid import children, wait_for

TINY = ["task=cifar", "scale=quick", "optimizer=adam,sgd", "budget=3", "seeds=0", "pruner=none", "jobs=1", "threads=1",
        "epochs=2", "model.width=0.0625", "task.batch_size=512", "progress=none"]  # fmt: skip


KILLED = ["task=cifar", "scale=quick", "optimizer=sgd", "budget=4", "seeds=0", "pruner=none", "jobs=2", "threads=1",
          "epochs=8", "model.width=0.0625", "task.batch_size=256", "progress=none", "checkpoint_seconds=0"]  # fmt: skip


@pytest.fixture
def words(tmp_path):
    return [*TINY, f"store={tmp_path / 'runs'}"]


def with_word(words, *new):
    keys = {word.partition("=")[0] for word in new}
    return [*(w for w in words if w.partition("=")[0] not in keys), *new]


def slots_of(words):
    call = parse_tuning(words)
    store = Path(next(w for w in words if w.startswith("store=")).partition("=")[2])
    return [StudyTrials(study, [store], call.overrides) for study in call.studies]


def states(words):
    return [
        [trial.outcome and trial.outcome.status for trial in study_trials.drawn_trials()]
        for study_trials in slots_of(words)
    ]


def written(tmp_path):
    return {path: path.stat().st_mtime_ns for path in (tmp_path / "runs").rglob("summary.json")}


def test_a_study_ends_with_its_budget_and_runs_winners_with_fresh_seeds(words, tmp_path, capsys):
    assert tune.main(words) == 0
    said = capsys.readouterr().out
    assert "2 optimizers, 6 trials, 0 done" in said and "adam: 3 of 3 trials finished, 0 of them pruned" in said
    assert states(words) == [["complete"] * 3] * 2
    seeds = [record.seed for record in read_records(tmp_path / "runs")]
    assert seeds.count(100) == 6 and seeds.count(0) == 5  # tuned, recipe and, but for SGD without a rate, defaults
    for study_trials in slots_of(words):
        winner = study_trials.winner()
        assert winner.outcome.value == max(trial.outcome.value for trial in study_trials.drawn_trials())
        assert (
            read_record(tmp_path / "runs", run_path(study_trials.requests(winner.values, [0])[0])).status == "complete"
        )
    before = written(tmp_path)
    assert tune.main(words) == 0 and written(tmp_path) == before
    assert "6 trials, 6 done" in capsys.readouterr().out


def test_a_trials_value_is_its_best_epoch_on_held_out_data(words, tmp_path):
    tune.main(with_word(words, "optimizer=adam", "budget=1"))
    (trial,) = slots_of(with_word(words, "optimizer=adam", "budget=1"))[0].drawn_trials()
    record = next(r for r in read_records(tmp_path / "runs") if r.seed == 100)
    assert trial.outcome.value == max(line["validation/accuracy"] for line in record.metrics)


def test_a_larger_budget_goes_on(words):
    assert tune.main(with_word(words, "optimizer=adam", "budget=2")) == 0
    first = slots_of(with_word(words, "optimizer=adam", "budget=2"))[0].drawn
    assert tune.main(with_word(words, "optimizer=adam", "budget=3")) == 0
    (study_trials,) = slots_of(with_word(words, "optimizer=adam", "budget=3"))
    assert len(study_trials.drawn) == 3 and {n: study_trials.drawn[n] for n in first} == first


@pytest.mark.parametrize("sampler", ["quasi_random", "tpe", "grid"])
def test_what_is_lost_is_made_again_and_nothing_else(words, tmp_path, sampler):
    """Optuna's file is rebuilt from trials and records; a run that is gone is run again with its trial's values."""
    words = with_word(words, "optimizer=sgd", "budget=5", f"sampler={sampler}")
    assert tune.main(words) == 0
    (study_trials,) = slots_of(words)
    drawn, before = study_trials.drawn, written(tmp_path)
    assert len(drawn) == 5
    (tmp_path / "studies" / "optuna.db").unlink()
    assert tune.main(words) == 0 and study_trials.drawn == drawn and written(tmp_path) == before
    url, name = f"sqlite:///{tmp_path / 'studies' / 'optuna.db'}", str(study_trials.study.path)
    trials = {t.user_attrs["slot"]: t for t in optuna.load_study(study_name=name, storage=url).trials}
    assert {slot: trial.params for slot, trial in trials.items()} == drawn
    for slot, trial in trials.items():
        assert (trial.state.name, trial.intermediate_values) == ("COMPLETE", study_trials.curve(drawn[slot]))
        assert trial.value == max(trial.intermediate_values.values())
    gone = tmp_path / "runs" / run_path(study_trials.requests(drawn[3])[0])
    shutil.rmtree(gone)
    assert tune.main(words) == 0 and study_trials.drawn == drawn and states(words) == [["complete"] * 5]
    assert {path for path, time in written(tmp_path).items() if before[path] != time} == {gone / "summary.json"}


def test_tpe_goes_on_after_its_quasi_random_start(words):
    words = with_word(words, "optimizer=adam", "budget=7", "sampler=tpe", "epochs=1")
    assert tune.main(words) == 0
    (study_trials,) = slots_of(words)
    points = [study_trials.study.space.quasi_random_point(n) for n in range(7)]
    assert [study_trials.drawn[n] == points[n] for n in range(7)] == [True] * 5 + [False] * 2


def test_a_trial_may_average_several_seeds(words, tmp_path):
    words = with_word(words, "optimizer=adam", "budget=1", "trial_seeds=100,101", "pruner=hyperband", "epochs=3")
    assert tune.main(words) == 0
    (trial,) = slots_of(words)[0].drawn_trials()
    best = {r.seed: max(line["validation/accuracy"] for line in r.metrics) for r in read_records(tmp_path / "runs")}
    assert trial.outcome.value == pytest.approx((best[100] + best[101]) / 2)


def test_a_pruned_trial_counts_and_its_run_is_partial_for_everybody_else(words, tmp_path, store, monkeypatch):

    monkeypatch.setattr(optuna_storage.OptunaPruning, "__call__", lambda self, epoch, scores: epoch == 0)
    words = with_word(words, "optimizer=adam", "budget=2")
    assert tune.main(words) == 0  # no winner: nothing is complete
    assert states(words) == [["pruned"] * 2]
    (study_trials,) = slots_of(words)
    request = study_trials.requests(study_trials.drawn[0])[0]
    record = read_record(tmp_path / "runs", run_path(request))
    assert (record.status, record.epochs_done, record.answers(2)) == ("pruned", 1, False)
    assert not (record.folder / "checkpoint.pt").exists()
    other = slots_of(with_word(words, "trial_seeds=100,101"))[0]
    assert other.record(request) is None  # another study does not take it for an answer


def test_the_median_prunes_what_is_worse(words, monkeypatch):
    """With scores that depend on the trial alone, later ones worse than the first three are pruned, better ones not."""

    call, report = optuna_storage.OptunaPruning.__call__, []

    def scored(self, epoch, scores):
        slot = self.trial.user_attrs["slot"]
        answer = call(self, epoch, {self.select: float([50, 60, 70, 10, 90][slot])})
        report.append((slot, epoch, answer))
        return answer

    monkeypatch.setattr(optuna_storage.OptunaPruning, "__call__", scored)
    words = with_word(words, "optimizer=adam", "budget=5", "epochs=3", "pruner=median")
    assert tune.main(words) == 0
    assert states(words) == [["complete", "complete", "complete", "pruned", "complete"]]
    assert [entry for entry in report if entry[2]] == [(3, 1, True)]  # not before a third of the epochs


def test_a_pruned_trial_whose_record_is_lost_is_run_to_its_end(words, tmp_path, monkeypatch):

    words = with_word(words, "optimizer=adam", "budget=1")
    with monkeypatch.context() as patch:
        patch.setattr(optuna_storage.OptunaPruning, "__call__", lambda self, epoch, scores: epoch == 0)
        assert tune.main(words) == 0
    assert states(words) == [["pruned"]]
    shutil.rmtree(tmp_path / "runs" / "adabelief-cifar")
    assert tune.main(words) == 0 and states(words) == [["complete"]]


def test_another_workers_slot_is_left_alone(words, tmp_path):
    words = with_word(words, "optimizer=adam", "budget=1", "max_seconds=3")
    (study_trials,) = slots_of(words)
    with run_lock(tmp_path / "runs", Path("studies", study_trials.study.path, "slot=0")):
        assert tune.main(words) == 0
        assert study_trials.drawn == {}


def test_the_winner_is_a_recipe(words, tmp_path):
    words = with_word(words, "optimizer=adam", "budget=2")
    assert tune.main(words) == 0
    (study_trials,) = slots_of(words)
    path = tmp_path / "tuned" / "adabelief-cifar" / "adam.yaml"
    row = yaml.safe_load(path.read_text())["digits/vgg11/clean-quick"]
    assert (
        row["lr"] == study_trials.winner().values["lr"]
        and row["betas"] == [0.9, 0.999]
        and "tuned: trial" in row["source"]
    )
    command = [sys.executable, "-m", "experiments.train", "data=digits", "optimizer=adam", "protocol=clean",
               "scale=quick", "recipe=tuned", "--cfg", "job", "--resolve"]  # fmt: skip
    env = {**os.environ, "STORE": str(tmp_path / "runs"), "HYDRA_FULL_ERROR": "0"}  # another test may have set it
    shown = subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout
    config = yaml.safe_load(shown)
    assert {key: config["optimizer"][key] for key in ("lr", "weight_decay")} == {
        k: row[k] for k in ("lr", "weight_decay")
    }
    other = subprocess.run([w for w in command if w != "data=digits"], env=env, capture_output=True, text=True)
    assert other.returncode == 1 and "this setting has no row for it" in other.stderr


def test_a_strangers_optimizer_is_tuned_by_its_import_path(words):
    words = with_word(words, "optimizer=torch.optim.NAdam", "budget=2")
    assert tune.main(words) == 0 and states(words) == [["complete"] * 2]


def test_a_storage_that_cannot_be_used_is_named_without_its_password(words, capsys):
    from experiments.config.errors import UserError

    with pytest.raises(UserError, match="storage postgresql://localhost:1/none cannot be used") as error:
        tune.main([*words, "storage=postgresql://me:secret@localhost:1/none"])
    assert "secret" not in str(error.value)


def test_a_killed_worker_and_a_killed_parent_leave_exactly_the_budget(tmp_path):
    """Real processes: kill -9 of a worker in the middle of a trial, later of all; the next call ends the study."""
    words = [*KILLED, f"store={tmp_path / 'runs'}"]
    finished_by_call([sys.executable, "-m", "experiments.tune", *words], words, tmp_path)


def finished_by_call(command, words, tmp_path, **more):
    store = tmp_path / "runs"
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)
    running = lambda: [r for r in read_records(store) if r.summary is None and len(r.metrics) >= 2]  # noqa: E731
    wait_for(running, parent, 120)
    first, second = children(parent.pid)
    os.kill(first, signal.SIGKILL)
    at_rest = lambda: [r for r in read_records(store) if r.summary]  # noqa: E731
    wait_for(lambda: len(at_rest()) >= 2, parent, 120)
    for victim in (parent.pid, second):
        os.kill(victim, signal.SIGKILL)
    parent.communicate()
    assert [state for state in states(words)[0] if state] != ["complete"] * 4
    said = subprocess.run(command, capture_output=True, text=True, timeout=300, **more)
    assert said.returncode == 0, said.stdout + said.stderr
    assert states(words) == [["complete"] * 4], said.stdout
    for record in read_records(store):
        assert [line["epoch"] for line in record.metrics] == list(range(8))


# The same study in a PostgreSQL server of the test's own.

SERVER = sorted(Path("/usr/lib/postgresql").glob("*/bin"))


@pytest.fixture
def postgres(tmp_path):
    """The URL of a fresh database. The server refuses to run as root: it runs as the package's own user then."""
    if not SERVER:
        pytest.skip("no PostgreSQL server here (Debian package postgresql)")
    user = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    if user:
        shutil.chown(folder, "postgres")

    def command(name, *words):
        subprocess.run([*user, str(SERVER[-1] / name), *words], check=True, capture_output=True, cwd="/")

    command("initdb", "-D", f"{folder}/data", "-A", "trust", "-U", "tester")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1"
    command("pg_ctl", "-D", f"{folder}/data", "-l", f"{folder}/log", "-w", "-o", options, "start")
    yield f"postgresql://tester@127.0.0.1:{port}/postgres"
    command("pg_ctl", "-D", f"{folder}/data", "-m", "immediate", "stop")
    shutil.rmtree(folder)


@pytest.mark.thorough
def test_the_same_in_a_postgresql_server(tmp_path, postgres):
    """Real processes and a real server: the same kills, the same end, and the trials are in the database."""
    words = [*KILLED, f"store={tmp_path / 'runs'}", f"storage={postgres}"]
    finished_by_call([sys.executable, "-m", "experiments.tune", *words], words, tmp_path)
    assert not (tmp_path / "studies" / "optuna.db").exists()
    name = str(slots_of(words)[0].study.path)
    assert optuna.get_all_study_names(postgres) == [name]
    trials = optuna.load_study(study_name=name, storage=postgres).trials
    assert sorted((t.user_attrs["slot"], t.state.name) for t in trials) == [(n, "COMPLETE") for n in range(4)]
