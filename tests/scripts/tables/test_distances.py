"""Tables of generative models from made-up records."""

import json

import pytest
import yaml
from PIL import Image

from experiments.config.compose import expected
from experiments.grid.grid import load_grid
from experiments.store.run_files import summarise_scores
from scripts.loading.grid_results import read_grid_results
from scripts.published.distances import load_distances
from scripts.tables.failures import failure_notes
from scripts.tables.files import write_table
from scripts.tables.formats import DASH, MINUS
from tests.scripts.synthetic import MACHINE, cell, named_tables

GRID = load_grid("gan")


def write_run(root, of, seed, values, name, **more):
    """A run with one score an evaluation, the last after the last epoch, and a sample grid."""
    config = {**expected(of).config, "seed": seed}
    metrics = [{"epoch": i, f"test/{name}": value} for i, value in enumerate(values)]
    metrics[-1] |= more
    found = summarise_scores(metrics, f"test/{name}", f"test/{name}", "min", config["scale"]["last"])
    summary = {"status": "complete", "epochs_done": len(values), "scores": found, **MACHINE}
    folder = root / of.folder / f"seed={seed}"
    (folder / "samples").mkdir(parents=True)
    Image.new("RGB", (20, 20)).save(folder / "samples" / "epoch=004.png")
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in metrics))
    (folder / "summary.json").write_text(json.dumps(summary))


def made(root, scale="full"):
    return named_tables(GRID, root, scale)


def test_the_five_runs_behind_each_box_are_there():
    paper, rerun = load_distances()
    assert len(paper) == 9 + 9 + 9 and len(rerun) == 9
    belief = paper["wgan", "adabelief"]
    assert belief.runs == (78.1, 81.4, 81.4, 85.7, 88.6) and belief.median == 81.4 and belief.error == 0.3
    assert paper["sngan", "adabelief"].mean == 12.52 and rerun["sngan", "adabound"].mean == 19


def test_the_public_record_stands_without_runs(tmp_path):
    table = made(tmp_path)["gan"]
    assert [b.title for b in table.blocks] == [f"{n} on CIFAR-10" for n in ("WGAN", "WGAN-GP", "SN-GAN")]
    found = table.row("WGAN on CIFAR-10", "AdaBelief")
    assert found["paper median"] == "81.4 ± 0.3" and found["ours median"] == DASH
    assert table.row("SN-GAN on CIFAR-10", "AdaBound")["paper mean ± sd"] == "55.65 ± 2.15"
    assert "no full-scale run of ours yet" in table.summary


def test_ours_beside_the_papers(tmp_path):
    for seed, value in enumerate((80.0, 82.0, 90.0)):
        write_run(tmp_path, cell(model="dcgan", setting="wgan"), seed, [value], "fid")
        write_run(tmp_path, cell(model="dcgan", setting="wgan", optimizer="adabelief"), seed, [value - 10], "fid")
    found = made(tmp_path)["gan"].row("WGAN on CIFAR-10", "Adam")
    assert found["ours mean ± sd"] == "84.00 ± 5.29" and found["ours median"] == "82.00" and found["n"] == "3"
    assert found["ours - paper"] == f"{MINUS}15.80" and found["ours - AdaBelief"].startswith("+10.00")


def test_sngan_is_compared_by_its_best_checkpoint(tmp_path):
    write_run(tmp_path, cell(model="sngan", setting="sngan"), 0, [20.0, 13.25, 14.0], "fid")
    found = made(tmp_path)["gan"].row("SN-GAN on CIFAR-10", "Adam")
    assert found["ours mean ± sd"] == "14.00" and found["best of checkpoints"] == "13.25"
    assert found["ours - paper"] == "+0.20"


def test_clean_runs_have_blocks_and_further_scores_of_their_own(tmp_path):
    write_run(tmp_path, cell(model="dcgan", setting="wgan", protocol="clean"), 0, [50.0], "fid",
              **{"test/kid": 0.03, "test/inception_score": 6.5})  # fmt: skip
    table = made(tmp_path)["gan"]
    found = table.row("WGAN on CIFAR-10, clean protocol", "Adam")
    assert found["KID"] == "0.030" and found["Inception score"] == "6.500" and "paper median" not in found
    assert table.row("WGAN on CIFAR-10", "Adam")["ours median"] == DASH
    assert "50,000 samples against the train images, rounded" in table.blocks[-1].notes[0]


def test_the_small_scale_compares_orders_only(tmp_path):
    for optimizer, value in (("adabelief", 30.0), ("adam", 40.0), ("rmsprop", 35.0), ("padam", 60.0)):
        of = cell(model="dcgan", setting="wgan", scale="small", optimizer=optimizer)
        write_run(tmp_path, of, 0, [value], "frechet_vgg11_12345678")
    table = made(tmp_path, "small")["small_gan"]
    found = table.row("WGAN on CIFAR-10", "Adam")
    assert (found["rank"], found["authors' rank"]) == ("3", "3") and "paper median" not in found
    assert table.row("WGAN on CIFAR-10", "Padam")["rank"] == DASH
    assert "Kendall's τ" in table.blocks[0].notes[1] and "1.00" in table.blocks[0].notes[1]


def test_the_orders_that_the_authors_runs_tell_are_named(tmp_path):
    """The paper's runs lie apart for AdaBelief and SGD, RMSprop and SGD, and overlap for Adam and RMSprop."""
    for optimizer, value in (("adabelief", 130.0), ("rmsprop", 35.0), ("adam", 40.0), ("sgd", 120.0)):
        of = cell(model="dcgan", setting="wgan", scale="small", optimizer=optimizer)
        write_run(tmp_path, of, 0, [value], "frechet_vgg11_12345678")
    notes = "\n".join(made(tmp_path, "small")["small_gan"].blocks[0].notes)
    assert "RMSprop before SGD; Adam before SGD." in notes and "RMSprop before Adam" not in notes
    assert "The other way round here: " in notes and "SGD before AdaBelief" in notes


def test_quick_says_who_is_healthy(tmp_path):
    for optimizer, value in (("adabelief", 1.0), ("sgd", 10.0), ("adam", 9.0)):
        of = cell(data="digits", model="dcgan", setting="wgan", scale="quick", optimizer=optimizer)
        write_run(tmp_path, of, 0, [value], "frechet_pixels")
    table = made(tmp_path, "quick")["quick_gan"]
    standing = {o: table.row("WGAN on Digits", o)["standing"] for o in ("AdaBelief", "SGD", "Adam")}
    assert standing == {
        "AdaBelief": "healthy", "SGD": "failed as expected", "Adam": "not healthy: test/frechet_pixels 9.0 > 5.1",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["gan", "quick_gan"])
def test_forms_on_disk(name, tmp_path):
    of = cell(data="digits", model="dcgan", setting="wgan", scale="quick")
    write_run(tmp_path / "runs", of, 0, [1.0], "frechet_pixels")
    table = (made(tmp_path / "runs", "full") | made(tmp_path / "runs", "quick"))[name]
    for path in write_table(table.table, tmp_path):
        assert path.read_text()


def test_what_missed_the_threshold_is_told_from_what_may(tmp_path):
    grid = load_grid("gan")
    cells = {c.optimizer: c for c in grid.cells("small") if c.setting == "wgan-gp"}
    for name, value in {"sgd": 120.0, "msvag": 50.0, "adabelief": 150.0}.items():
        write_run(tmp_path, cells[name], 0, [value], "frechet_vgg11_12345678")
    part = read_grid_results(grid, "small", "paper", [tmp_path])
    notes = failure_notes(grid, part, [cells[name] for name in ("sgd", "msvag", "fromage", "adabelief")])
    assert [note.partition(": ")[::2][0] for note in notes] == [
        "Missed the threshold of 93",
        "May fail",
        "Missed the threshold of 93",
    ]
    assert "SGD" in notes[0] and "MSVAG" not in notes[0] and "Fromage" in notes[1]
    assert notes[2].endswith("AdaBelief: this was not expected.")


def test_what_else_the_authors_published_stands_under_the_block(tmp_path):
    block = next(b for b in made(tmp_path)["gan"].blocks if b.title.startswith("SN-GAN"))
    said = "\n".join(block.notes)
    assert "Also published: AdaBelief 13.97 (SNGAN-AdaBelief repo training log of 2020-10-17; step 100000" in said
    assert "AdaBelief 12.36" in said and "Adam 13.25" in said and said.count("Also published") == 6
