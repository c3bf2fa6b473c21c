"""ImageNet's setting from the command line to the record: recipes, network, missing data, cuts, plans."""

import json
import random

import pytest
import torch
import torchvision
from hydra.utils import instantiate
from omegaconf import OmegaConf

from experiments import plan, reproduce
from experiments.config.cli import sentence
from experiments.config.compose import compose
from experiments.config.errors import UserError
from experiments.config.paths import ARCHIVE, CONFIGS
from experiments.grid.grid import load_grid
from experiments.runs.run import build_task, run
from experiments.store.run_files import run_path
from experiments.workers.time_estimate import Pace
from tests.experiments.runs.test_resume import Killed, count_down, files
from tests.pictures import class_folders

GRID = load_grid("imagenet")
OPTIMIZERS = [cell.optimizer for cell in GRID.cells("full")]
TABLE = OmegaConf.to_container(OmegaConf.load(CONFIGS / "recipes" / "adabelief-imagenet.yaml"))["rows"]
WORDS = ["setting=adabelief-imagenet", "model=resnet18"]


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.mark.parametrize("protocol", ["paper", "clean"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_value_of_a_recipe_reaches_its_optimizer(optimizer, protocol):
    row = {**TABLE[optimizer], **TABLE[optimizer].get(protocol, {})}
    values = {k: v for k, v in row.items() if k not in ("source", "note") and not isinstance(v, dict)}
    request = compose([*WORDS, "data=imagenet", f"optimizer={optimizer}", f"protocol={protocol}"])
    group = instantiate(request.config["optimizer"])([torch.nn.Parameter(torch.ones(2))]).param_groups[0]
    reached = {key: list(group[key]) if isinstance(group[key], tuple) else group[key] for key in values}
    assert values and reached == values


def test_under_the_clean_protocol_all_but_adam_decay_alike():
    for optimizer in OPTIMIZERS:
        config = compose([*WORDS, "data=imagenet", f"optimizer={optimizer}", "protocol=clean"]).config["optimizer"]
        decayed, free = after_a_step(config), after_a_step({**config, "weight_decay": 0.0})
        if optimizer != "adam":
            assert free - decayed == pytest.approx(1e-5, rel=1e-6), optimizer


def after_a_step(config):
    """A parameter of 1 after a step without a gradient."""
    p = torch.nn.Parameter(torch.ones(2, dtype=torch.float64))
    p.grad = torch.zeros_like(p)
    instantiate({**config, "mode": "loop"})([p]).step()
    return float(p.detach()[0])


def test_the_schedule_is_the_paper_s():
    request = compose([*WORDS, "data=imagenet", "optimizer=adabelief"])
    drops = drops_of(request.config["schedule"], 90)
    assert (request.config["epochs"], request.config["task"]["batch_size"], drops) == (90, 256, [70, 80])
    assert drops_of(request.config["schedule"], 9) == [7, 8]  # at 7/9 and 8/9 of any run


def drops_of(node, epochs):
    """The epochs in which the rate is another than in the one before."""
    schedule = instantiate(node, epochs=epochs)
    rates = [1.0, *(schedule(1.0, epoch) for epoch in range(epochs))]
    return [epoch for epoch in range(epochs) if rates[epoch + 1] != rates[epoch]]


def test_the_network_is_torchvision_s():
    request = compose([*WORDS, "data=digits_jpeg", "optimizer=adam", "scale=quick", "norm_batches=null"])
    ours = build_task(request, "cpu").player.module
    theirs = torchvision.models.resnet18(num_classes=10)
    theirs.load_state_dict(ours.state_dict())
    images = torch.randn(4, 3, 64, 64)
    for mode in (True, False):
        assert torch.allclose(ours.train(mode)(images), theirs.train(mode)(images), rtol=1e-4, atol=1e-5)
    assert sum(p.numel() for p in torchvision.models.resnet18().parameters()) == 11_689_512
    assert all((m.weight == 1).all() for m in ours.modules() if isinstance(m, torch.nn.BatchNorm2d))


def test_without_imagenet_one_sentence_says_what_to_lay_where(tmp_path, monkeypatch):
    monkeypatch.setenv("DATA_ROOT", str(tmp_path))
    with pytest.raises(UserError) as error:
        reproduce.main(["grid=imagenet", "scale=full", f"store={tmp_path / 'runs'}"])
    text = sentence(error.value)
    assert text.count("no ImageNet at") == 1 and "train/<class>/ and val/<class>/" in text and "Error in" not in text
    assert str(tmp_path / "imagenet") in text and not (tmp_path / "runs").exists()


@pytest.fixture
def tiny(tmp_path):
    """A request on twelve image files with a network that takes no time."""
    folder = class_folders(tmp_path / "imagenet")
    words = [
        *WORDS, "data=imagenet", f"data.root={folder}", "data.classes=null", "optimizer=adam", "scale=quick",
        "model._target_=models.vgg.VGG11", "+model.width=0.0625", "scale.pixels=32", "task.batch_size=5",
        "epochs=2", "threads=1", "progress=none", "checkpoint_seconds=0", "keep_weights=true",
    ]  # fmt: skip
    return lambda store, *more: compose([*words, f"store={store}", *more])


@pytest.mark.parametrize("workers", [0, 2])
def test_cuts_at_random_moments_end_in_the_same_bits(tiny, tmp_path, monkeypatch, workers):
    whole = tiny(tmp_path / "whole", "data.workers=1")
    with monkeypatch.context() as patch:
        left = count_down(patch, 10**6)
        assert run(whole) == "complete"
        moments = 10**6 - left[0]
    expected = files(tmp_path / "whole" / run_path(whole))
    for cut in range(4):
        request, chosen, killed = tiny(tmp_path / f"cut-{cut}", f"data.workers={workers}"), random.Random(cut), 0
        while True:
            try:
                with monkeypatch.context() as patch:
                    count_down(patch, chosen.randint(1, moments))
                    assert run(request) in ("complete", "done")
                break
            except Killed:
                killed += 1
        found = files(tmp_path / f"cut-{cut}" / run_path(request))
        assert killed and found["metrics.jsonl"] == expected["metrics.jsonl"]
        assert found["checkpoint.pt"] == expected["checkpoint.pt"]


def test_the_summary_says_how_many_images_were_used(tiny, tmp_path):
    (tmp_path / "imagenet" / "train" / "n01" / "cut.JPEG").write_bytes(b"\xff\xd8\xff")
    request = tiny(tmp_path / "runs", "data.on_bad_image=skip", "epochs=1")
    assert run(request) == "complete"
    summary = json.loads((tmp_path / "runs" / run_path(request) / "summary.json").read_text())
    assert summary["images"] == {"train": 12, "test": 6, "skipped": 1}
    assert "on_bad_image" not in str(request.cell)  # what was left out is in the content hash


def test_the_clean_protocol_holds_images_out(tiny, tmp_path):
    task = build_task(tiny(tmp_path / "runs", "protocol=clean", "protocol.validation=0.25"), "cpu")
    held_out, kept = task.splits["validation"].images, task.training.images
    assert (len(held_out), len(kept)) == (3, 9) and not set(held_out.names) & set(kept.names)


def test_a_plan_says_runs_hours_disk_and_command(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("STORE", str(tmp_path / "runs"))
    assert plan.main(["table=cifar", "scale=quick", "model=vgg11", "seeds=0,1", "optimizer=adam"]) == 0
    said = capsys.readouterr().out
    assert "quick scale: 2 runs, 0 done here" in said and "digits, vgg11: 2 runs to do" in said
    assert "an epoch by the time of the first steps" in said and "MiB for each run in flight" in said
    assert 'make reproduce-cifar SCALE=quick SEEDS=0,1 ARGS="model=vgg11 optimizer=adam"' in said


def test_a_plan_leaves_out_what_is_archived_and_names_what_two_settings_share(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("STORE", str(tmp_path / "runs"))
    monkeypatch.setattr(plan, "measured_pace", lambda _: (Pace(0.1, 60.0, 0), "a guess"))
    monkeypatch.setattr(
        plan, "finished_record", lambda request, root: root == ARCHIVE and request.cell.setting == "wgan"
    )
    words = ["table=gan", "scale=small", "setting=wgan,wgan-gp"]
    assert plan.main(words) == 0
    said = capsys.readouterr().out
    assert "22 runs, 0 done here, 11 in the archive\n" in said
    assert "wgan, cifar10, dcgan: 11 runs to do" in said and "wgan-gp, cifar10, dcgan: 11 runs to do" in said
    assert plan.main([*words, "skip_archived=1"]) == 0
    said = capsys.readouterr().out
    assert "11 in the archive, left out" in said and "wgan, " not in said.replace("wgan-gp, ", "")


def test_a_plan_without_the_data_times_noise(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("DATA_ROOT", str(tmp_path))
    monkeypatch.setattr(plan, "PARTS", 2)
    assert plan.main(["table=imagenet", "scale=full", "optimizer=sgd", "scale.pixels=32"]) == 0
    said = capsys.readouterr().out
    assert "imagenet, resnet18, data.pixels=32: 1 run to do" in said
    assert "the data are not here" in said and "SCALE=full" in said


@pytest.mark.parametrize(("words", "message"), [
    ([], "name a grid"),
    (["table=imagnet"], "did you mean 'imagenet'"),
    (["table=cifar", "grid=gan"], "name the same thing, got cifar and gan"),
])  # fmt: skip
def test_a_plan_of_nothing_is_refused(words, message):
    with pytest.raises(UserError, match=message):
        plan.main(words)
