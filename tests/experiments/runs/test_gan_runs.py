"""Runs of generative models from their configurations: grid, thresholds, samples, resuming, spaces."""

import os

import pytest
import torch
from hydra.utils import instantiate

from data.cifar import cifar10
from data.digits import digits
from data.errors import DataError
from experiments.config.compose import compose, expected
from experiments.grid.grid import load_grid
from experiments.grid.thresholds import threshold
from experiments.metrics.generator_score import Score
from experiments.runs.run import build_task
from experiments.store.run_files import read_lines
from experiments.training import checkpoint

GRID = load_grid("gan")
KINDS = [("wgan", "dcgan"), ("wgan-gp", "dcgan"), ("sngan", "sngan")]


def task_of(setting, model, protocol, scale, data):
    words = [f"setting={setting}", f"model={model}", f"protocol={protocol}", f"scale={scale}", f"data={data}"]
    if data == "cifar10":
        try:
            cifar10(os.environ.get("DATA_ROOT", "data/raw"), download=False)
        except DataError as missing:
            pytest.skip(str(missing))
    return build_task(compose([*words, "optimizer=adam"]), "cpu")


def test_the_grid_is_the_papers():
    cells = GRID.cells("full")
    assert len(cells) == 11 + 11 + 9 and GRID.seeds["full"] == [0, 1, 2, 3, 4]
    quick = GRID.cells("quick")
    assert len(quick) == 24 and {c.setting for c in quick} == {"wgan", "wgan-gp", "sngan"}


@pytest.mark.parametrize("protocol", ["paper", "clean"])
@pytest.mark.parametrize(("setting", "model"), KINDS)
@pytest.mark.parametrize(("scale", "data"), [("quick", "digits"), ("small", "cifar10")])
def test_the_threshold_is_about_half_of_an_untrained_generators_distance(setting, model, protocol, scale, data):
    task = task_of(setting, model, protocol, scale, data)
    task.score.extras = False
    for player in task.players.values():
        player.module.eval()
    with torch.no_grad():
        (untrained,) = task.evaluate("test").scores.values()
    cell = next(c for c in GRID.cells(scale, protocol) if c.setting == setting)
    assert 0.4 * untrained < threshold(GRID, "at_most", cell, None) < 0.505 * untrained


@pytest.mark.parametrize("protocol", ["paper", "clean"])
@pytest.mark.parametrize(("setting", "model"), KINDS)
def test_the_full_scale_is_the_papers_or_the_careful_persons(setting, model, protocol):
    cell = next(c for c in GRID.cells("full", protocol) if c.setting == setting)
    config = expected(cell).config
    score, paper, small = config["protocol"]["score"], protocol == "paper", setting != "sngan"
    assert score["space"] == "inception"
    assert score["fakes"] == ((64000 if small else 10000) if paper else 50000)
    assert config["data"]["pixels"] == (64 if small and paper else 32)
    assert (score["stretch"], score["reals"]) == (small and paper, "test" if paper and not small else "train")
    assert config["protocol"]["generator_at"] == (0 if small and paper else 4)
    if small:
        assert config["model"]["output"] == ("sigmoid" if paper and setting == "wgan" else "linear")
        assert config["model"]["norm"] == ("layer" if setting == "wgan-gp" and not paper else "batch")
        assert config["task"].get("clip") == (0.01 if setting == "wgan" else None)


def sizes(pair):
    return [sum(p.numel() for p in network.parameters()) for network in (pair.generator, pair.critic)]


def test_full_scale_builds_the_official_sizes():
    found = {}
    for setting, _ in KINDS:
        cell = next(c for c in GRID.cells("full") if c.setting == setting)
        config = expected(cell).config
        found[setting] = sizes(instantiate(config["model"], classes=10, pixels=config["data"]["pixels"]))
    assert found == {
        "wgan": [3576704, 2765568], "wgan-gp": [3576704, 2765569], "sngan": [4304387, 1055105],
    }  # fmt: skip


@pytest.mark.parametrize(("setting", "model"), KINDS)
@pytest.mark.parametrize("protocol", ["paper", "clean"])
def test_a_run_in_slices_ends_in_the_same_bits(store, setting, model, protocol):
    """Checkpoint, metrics and sample grids, with spectral norms and batch-norm averages in it."""
    words = [f"setting={setting}", f"model={model}", f"protocol={protocol}", "epochs=3", "scale.batches=10"]
    words += ["protocol.score.fakes=100", "protocol.evaluate.samples=1", "keep_weights=true"]
    words += ["optimizer=adabelief"] if setting != "sngan" else []
    words = [w for w in words if "batches" not in w or setting == "sngan"]
    assert store.run(*words)[0] == "complete"
    straight = store.run(*words)[1]
    sliced = type(store)(store.path / "sliced")
    while (done := sliced.run(*words, "max_seconds=0"))[0] == "unfinished":
        pass
    status, folder = done
    assert status == "complete"
    for name in ("metrics.jsonl", "samples/epoch=000.png", "samples/epoch=002.png"):
        assert (folder / name).read_bytes() == (straight / name).read_bytes(), name
    torch.testing.assert_close(checkpoint.load(folder), checkpoint.load(straight), rtol=0, atol=0)


def test_further_scores_stand_in_the_record_under_their_spaces_names(store):
    words = ["setting=wgan", "model=dcgan", "protocol=clean", "epochs=1", "protocol.score.fakes=100"]
    last = read_lines(store.run(*words)[1] / "metrics.jsonl")[-1]
    assert {"test/frechet_pixels", "test/kernel_pixels", "test/precision_pixels", "test/recall_pixels"} <= set(last)


def test_the_reals_are_kept_whole_and_a_damaged_file_is_made_again(tmp_path, monkeypatch):
    monkeypatch.setenv("DATA_ROOT", str(tmp_path))
    data = digits(32)
    words = dict(space="classifier", fakes=60, reals="test", stretch=False, quantise=True, extras=True)
    images = torch.rand((60, 3, 32, 32), generator=torch.Generator().manual_seed(0)) * 2 - 1

    def scored():
        return Score(data, device="cpu", **words)(lambda n: images[:n]).scores

    first = scored()
    (kept,) = (tmp_path / "fid").iterdir()
    assert scored() == pytest.approx(first, rel=1e-9)
    kept.write_bytes(kept.read_bytes()[:100])
    assert scored() == pytest.approx(first, rel=1e-9) and list((tmp_path / "fid").iterdir()) == [kept]


def test_a_folder_that_cannot_be_written_costs_no_score(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("DATA_ROOT", str(tmp_path / "file"))
    score = Score(digits(32), device="cpu", space="classifier", fakes=50, reals="test", stretch=False, quantise=True)
    assert score(lambda n: torch.zeros(n, 3, 32, 32)).scores and "could not be kept" in capsys.readouterr().out
