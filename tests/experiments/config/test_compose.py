"""Configurations: every recipe value reaches its optimizer, cells have one name, fingerprints say what they should."""

import functools

import pytest
import torch
from hydra.utils import instantiate

from experiments.config.cell import Cell
from experiments.config.compose import compose, expected, overrides_of
from experiments.config.errors import UserError
from experiments.config.fingerprint import difference, fingerprint
from experiments.config.paths import CONFIGS
from experiments.config.recipes import recipe_rows
from experiments.grid.grid import load_grid

GRIDS = sorted(path.stem for path in (CONFIGS / "grid").glob("*.yaml"))
CELLS = sorted({cell for grid in map(load_grid, GRIDS) for scale in grid.scales for cell in grid.cells(scale)})
TABLES = sorted((CONFIGS / "recipes").glob("*.yaml"))


@functools.lru_cache
def table(setting):
    return dict(recipe_rows(CONFIGS / "recipes" / f"{setting}.yaml"))


@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_every_recipe_value_reaches_the_optimizer(cell):
    config = expected(cell).config
    optimizer = instantiate(config["optimizer"], _convert_="all")([torch.nn.Parameter(torch.ones(2))])
    group, name = optimizer.param_groups[0], cell.optimizer.split(",")[0]
    row = table(cell.setting)[cell.protocol, cell.data, cell.model, name]
    for key, value in row["optimizer"].items():
        if f",{key}=" not in cell.optimizer:
            assert list(group[key]) == value if isinstance(value, list) else group[key] == value, key
    assert config["recipe"]["source"] == row["recipe"]["source"] and row["recipe"]["source"]


ONE_OF_EACH = {cell.setting: cell for cell in CELLS} | {cell.optimizer: cell for cell in CELLS if "," in cell.optimizer}


@pytest.mark.parametrize("cell", ONE_OF_EACH.values(), ids=str)
def test_another_seed_changes_nothing_else(cell):
    assert expected(cell).with_seed(3) == compose([*overrides_of(cell), "seed=3"])
    assert expected(cell).cell == cell


def test_the_54_cells_of_the_figure_are_there():
    cells = load_grid("cifar").cells("full")
    assert len(cells) == len(set(cells)) == 54


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_every_row_has_a_source_and_its_keys_exist(path):
    for (_, _, _, optimizer), node in recipe_rows(path):
        assert node["recipe"]["source"]
        known = (CONFIGS / "optimizer" / f"{optimizer}.yaml").read_text()
        assert all(f"\n{key}:" in known for key in node.get("optimizer", {}))


def test_sources_differ_where_the_facts_do():
    source = lambda *key: table("adabelief-cifar")["paper", *key]["recipe"]["source"]  # noqa: E731
    assert "official curve file" in source("cifar10", "resnet34", "adabelief")
    assert "independent rerun" in source("cifar100", "vgg11", "adabelief")
    assert source("cifar100", "resnet34", "adabelief").startswith("assumption")
    assert source("cifar100", "vgg11", "msvag").startswith("assumption")


def test_the_command_line_beats_the_row():
    assert compose(["optimizer=sgd", "optimizer.lr=0.3"]).config["optimizer"]["lr"] == 0.3


@pytest.mark.parametrize("word", ["seed=7", "device=cuda", "threads=3", "compile=true", "stop_after=2", "logger=wandb",
                                  "max_seconds=9", "optimizer.mode=loop", "data.root=elsewhere", "store=elsewhere",
                                  "optimizer.lr=1e-3", "optimizer.lr=0.001", "progress=none"])  # fmt: skip
def test_what_does_not_change_the_mathematics_changes_no_name(word):
    plain, other = compose(["optimizer=adam"]), compose(["optimizer=adam", word])
    assert other.cell == plain.cell and other.fingerprint == plain.fingerprint


@pytest.mark.parametrize("word, suffix", [("optimizer.lr=1e-2", ",lr=0.01"), ("optimizer.lr=0.010", ",lr=0.01"),
                                          ("epochs=5", ",epochs=5"), ("precision=bf16", ",precision=bf16"),
                                          ("optimizer.betas=[0.8,0.9]", ",betas=[0.8 0.9]"),
                                          ("model.width=0.5", ",model.width=0.5")])  # fmt: skip
def test_an_override_has_one_spelling_and_comes_back(word, suffix):
    plain, other = compose(["optimizer=adam"]), compose(["optimizer=adam", word])
    assert other.cell.optimizer == f"adam{suffix}" and other.fingerprint != plain.fingerprint
    again = expected(Cell.of(other.cell.folder))
    assert again.cell == other.cell and again.fingerprint == other.fingerprint


def test_an_optimizer_by_import_path_has_a_name_of_its_own(store):
    words = ["optimizer=external", "optimizer._target_=torch.optim.NAdam", "optimizer.lr=1e-3"]
    cell = compose([*words, "+optimizer.weight_decay=5e-4"]).cell
    assert cell.optimizer == "external,_target_=torch.optim.NAdam,lr=0.001,weight_decay=0.0005"
    assert expected(Cell.of(cell.folder)).config["optimizer"]["weight_decay"] == 5e-4
    status, folder = store.run(*words, "epochs=1")
    assert status == "complete" and "_target_=torch.optim.NAdam" in str(folder)


def test_a_scale_value_is_no_override():
    assert compose(["scale=quick", "data=digits", "model=resnet34"]).cell.optimizer == "adabelief"
    assert compose(["scale=quick", "model=resnet34"]).config["model"]["width"] == 0.25


def test_another_scale_value_is_one():
    """It would stand in the place of the grid's own run otherwise."""
    cell = compose(["scale=quick", "data=digits", "model=resnet34", "scale.width=0.5", "scale.epochs=3"]).cell
    assert cell.optimizer == "adabelief,epochs=3,model.width=0.5"
    assert expected(cell).config["model"]["width"] == 0.5


def test_a_key_that_is_null_leaves_old_fingerprints_valid():
    config = compose([]).config
    assert fingerprint({**config, "a_later_option": None}) == fingerprint(config)
    assert fingerprint({**config, "a_later_option": 1}) != fingerprint(config)


def test_a_difference_names_the_key_and_both_values():
    old, new = compose(["optimizer=adam"]).config, compose(["optimizer=adam", "optimizer.lr=0.01"]).config
    assert difference(old, new) == "optimizer.lr was 0.001, is 0.01" and difference(old, old) == ""


@pytest.mark.parametrize("cell", load_grid("cifar").cells("full"), ids=str)
def test_the_known_content_of_the_data_is_in_the_fingerprint(cell):
    assert len(expected(cell).config["content"]) == 64


def test_protocols_differ_in_values_only():
    paper, clean = compose([]).config["protocol"], compose(["protocol=clean"]).config["protocol"]
    assert paper.keys() == clean.keys()
    assert (paper["norm_scale"], clean["norm_scale"]) == ("uniform", "ones")
    assert (paper["validation"], clean["validation"]) == (0, 0.1) and clean["select_on"] == "validation"


@pytest.mark.parametrize("word, suffix", [
    ("threads=null", ""), ("optimizer.weight_decay=null", ",weight_decay=null"),
    ("model.width=null", ",model.width=null"),
])  # fmt: skip
def test_a_null_can_be_read_back_from_the_name(word, suffix):
    request = compose(["data=cifar10", "model=vgg11", "optimizer=adam", word])
    assert request.cell.optimizer == f"adam{suffix}"
    assert expected(request.cell).fingerprint == request.fingerprint


def test_a_deletion_which_no_name_could_tell_is_refused():
    with pytest.raises(UserError, match=r"~optimizer\.weight_decay cannot stand in a run's name"):
        compose(["optimizer=adam", "~optimizer.weight_decay"])


@pytest.mark.parametrize("word, wanted", [
    ("seed=-1", "seed must be a whole number, 0 or more, got -1"),
    ("seed=a", "seed must be a whole number, 0 or more, got 'a'"),
    ("seed=1.5", "seed must be a whole number"),
    ("seed=null", "seed must be a whole number, 0 or more, got None"),
    ("epochs=0", "epochs must be a whole number, 1 or more, got 0"),
    ("epochs=many", "epochs must be a whole number, 1 or more, got 'many'"),
    ("stop_after=0", "stop_after must be a whole number, 1 or more, got 0"),
    ("stop_after=true", "stop_after must be a whole number"),
    ("threads=-1", "threads must be a whole number, 1 or more, got -1"),
    ("threads=inf", "threads must be a whole number, 1 or more, got inf"),
    ("epochs=1e3", "epochs must be a whole number, 1 or more, got 1000.0"),
    ("max_seconds=-1", "max_seconds must be a number of seconds, 0 or more, got -1"),
    ("max_seconds=nan", "max_seconds must be a number of seconds, 0 or more, got nan"),
    ("max_seconds=inf", "max_seconds must be a number of seconds, 0 or more, got inf"),
    ("checkpoint_seconds=x", "checkpoint_seconds must be a number of seconds, 0 or more, got 'x'"),
])  # fmt: skip
def test_numbers_that_no_run_can_have_are_refused_in_one_sentence(word, wanted):
    """An `epochs=0` was complete at once, `seed=a` ended in a traceback, `stop_after=-2` was done."""
    with pytest.raises(UserError) as error:
        compose(["data=digits", "scale=quick", word])
    assert wanted in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("override, name", [
    ("rate_drops.factor=0.5", "adam,schedule.factor=0.5"),
    ("schedule=cosine", "adam,schedule=cosine"),
    ("schedule=constant", "adam,schedule=constant"),
])  # fmt: skip
def test_another_schedule_is_another_cell_and_its_name_asks_for_it(override, name):
    """With rate_drops overridden the run was filed as the plain cell's, whose record was set aside."""
    request = compose(["data=cifar10", "optimizer=adam", override])
    assert request.cell.optimizer == name
    assert expected(request.cell).fingerprint == request.fingerprint
    assert request.fingerprint != compose(["data=cifar10", "optimizer=adam"]).fingerprint
