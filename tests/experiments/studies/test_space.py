"""Search spaces: what is refused before any training, and the points that a study tries."""

from dataclasses import replace

import pytest

from experiments.config.cell import Cell
from experiments.config.errors import UserError
from experiments.config.paths import CONFIGS
from experiments.studies.space import read_space
from experiments.studies.study import hyperparameters_of, write_study
from experiments.studies.trials import as_begun
from experiments.tuning.plan import parse_tuning
from experiments.tuning.study_checks import check_space, check_study

SPACES = sorted((CONFIGS / "tune").glob("*.yaml"))


@pytest.fixture
def space(tmp_path):
    def write(text):
        path = tmp_path / "space.yaml"
        path.write_text(text)
        return path

    return write


@pytest.mark.parametrize("text, message", [
    ("space: {lr: {low: 0.1, high: 0.01}}", "low must be below high, got 0.1 and 0.01"),
    ("space: {lr: {low: 0.1, high: 0.1}}", "low must be below high"),
    ("space: {lr: {low: 0, high: 1, log: true}}", "a logarithm needs low above zero, got 0"),
    ("space: {lr: {low: -1, high: 1, log: true}}", "a logarithm needs low above zero, got -1"),
    ("space: {1-betas.0: {low: 0.1, high: 1.5}}", "a distance to 1 lies between 0 and 1"),
    ("space: {lr: {low: 0.1}}", "must have low and high"),
    ("space: {lr: {low: 0.1, high: 1, step: 2}}", "must have low and high, and may have log"),
    ("space: {lr: {low: a, high: 1}}", "low and high are numbers"),
    ("space: {lr: {low: 0.1, high: .inf}}", "low and high are numbers"),
    ("space: {lr: [0.1, 1]}", "must have low and high"),
    ("spaces: {}", "must hold a mapping `space`"),
    ("space: {lr: {low: 0.1, high: 1}}\ngrid: {lr: []}", "grid lr must be a list of numbers"),
    ("space: {lr: {low: 0.1, high: 1}}\nspace: {}", "cannot be read"),
    ("space: [", "cannot be read"),
])  # fmt: skip
def test_a_bad_space_is_refused_in_one_sentence(space, text, message):
    with pytest.raises(UserError, match=message) as error:
        read_space(space(text))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("text, message", [
    ("space: {lrr: {low: 0.1, high: 1}}", "adam: it has no 'lrr'; did you mean 'lr'"),
    ("space: {betas.2: {low: 0.1, high: 0.2}}", "betas has no element '2'"),
    ("space: {betas.0: {low: 0.1, high: 2}}", "is refused"),
    ("space: {lr: {low: -1, high: 1}}", "is refused"),
])  # fmt: skip
def test_what_the_optimizer_does_not_take_is_refused_before_any_training(space, tmp_path, text, message):
    words = ["task=cifar", "scale=quick", "optimizer=adam", f"space={space(text)}"]
    with pytest.raises(UserError, match=message):
        check_study(parse_tuning(words).studies[0])


@pytest.mark.parametrize("words, message", [
    (["task=cifr"], "no study of the task 'cifr'; did you mean 'cifar'"),
    (["scale=huge"], "no scale 'huge'"),
    (["optimizer=adm"], "no optimizer called 'adm'; did you mean 'adam'"),
    (["sampler=random"], "sampler must be one of quasi_random, tpe, grid, got 'random'"),
    (["pruner=mean"], "pruner must be one of"),
    (["budget=0"], "budget must be one or more, got '0'"),
    (["budget=a"], "budget takes whole numbers"),
    (["seeds=0,100"], "seed 100 is a tuning seed"),
    (["search=momentum", "optimizer=adam"], "none of the dimensions momentum"),
    (["space=nowhere.yaml", "optimizer=adam"], "no search space nowhere.yaml"),
    (["space=nowhere.yaml"], "is for one optimizer"),
    (["faster"], "every word is key=value"),
    (["seed=3"], "a study takes trial_seeds and seeds, not seed"),
])  # fmt: skip
def test_bad_words_are_refused_in_one_sentence(words, message):
    given = {word.partition("=")[0] for word in words}
    with pytest.raises(UserError, match=message) as error:
        parse_tuning([*(w for w in ("task=cifar", "scale=quick") if w.partition("=")[0] not in given), *words])
    assert "\n" not in str(error.value)


def test_a_study_never_selects_on_test_data():
    study = parse_tuning(["task=cifar", "scale=quick", "optimizer=adam"]).studies[0]
    for wrong in (replace(study, select="test/accuracy"), replace(study, protocol="paper")):
        with pytest.raises(UserError, match="selects on held-out data"):
            check_study(wrong)


@pytest.mark.parametrize("sampler", ["quasi_random", "grid"])
@pytest.mark.parametrize("task", ["cifar", "lstm"])
@pytest.mark.parametrize("path", SPACES, ids=lambda path: path.stem)
def test_every_space_fits_its_optimizer(path, task, sampler):
    """At both ends and at every point of the grid, whether or not the setting has a recipe; a stranger's rate too."""
    name = {"external": "torch.optim.NAdam"}.get(path.stem, path.stem)
    words = [f"task={task}", "scale=quick", f"optimizer={name}", "search=all", f"sampler={sampler}"]
    (study,) = parse_tuning(words).studies
    check_space(replace(study, overrides=(*study.overrides, "recipe=none")))


@pytest.mark.parametrize("task", ["cifar", "lstm"])
def test_every_space_holds_the_recipes_own_values(task):
    """A search that cannot find the setting's values (SGD at 30 on the Penn Treebank) would be no fair one."""
    outside = []
    for study in parse_tuning([f"task={task}", "scale=full"]).studies:
        plain, _ = study.defaults()
        for d in study.space.dimensions:
            name, _, index = d.key.removeprefix("1-").partition(".")
            value = plain[name][int(index)] if index else plain[name]
            value = round(1 - value, 9) if d.key.startswith("1-") else value
            if not d.low <= value <= d.high:
                outside.append((study.optimizer, d, value))
    assert not outside


def test_points_fill_the_space_and_do_not_depend_on_the_budget():
    space = read_space(CONFIGS / "tune" / "adam.yaml")
    points = [space.quasi_random_point(number) for number in range(32)]
    for dimension in space.dimensions:
        values = [point[dimension.key] for point in points]
        assert all(dimension.low <= value <= dimension.high for value in values)
        assert len(set(values)) == 32
    rates = sorted(point["lr"] for point in points)
    middle = (1e-4 * 1e-1) ** 0.5
    assert 12 <= sum(rate < middle for rate in rates) <= 20  # evenly in the logarithm
    assert space.quasi_random_point(5) == points[5]


def test_a_grid_is_the_product_of_its_lists():
    space = read_space(CONFIGS / "tune" / "adam.yaml")
    points = [tuple(space.grid_point(number).values()) for number in range(space.grid_size)]
    assert len(set(points)) == space.grid_size == 25


def test_a_point_sets_elements_and_distances_to_one():
    plain = {"betas": [0.9, 0.999], "lr": 1e-3}
    assert hyperparameters_of(plain, {"lr": 0.01, "1-betas.0": 0.3, "1-betas.1": 0.002}) == {
        "lr": 0.01,
        "betas": [0.7, 0.998],
    }
    assert hyperparameters_of(plain, {"1-momentum": 0.05, "betas.1": 0.99}) == {"momentum": 0.95, "betas": [0.9, 0.99]}


def test_a_trial_is_a_cell_that_names_what_it_tries():
    study = parse_tuning(["task=cifar", "scale=quick", "optimizer=adam"]).studies[0]
    request = study.request(100, *study.overrides_for({"lr": 0.01, "1-betas.0": 0.3}))
    assert request.cell == Cell(
        "adabelief-cifar",
        "digits",
        "vgg11",
        "adam,epochs=8,betas=[0.7 0.999],lr=0.01,task.batch_size=32",
        "clean",
        "quick",
    )


def test_search_narrows_a_grid_that_is_searched_and_no_other():
    words = ["task=cifar", "scale=quick", "optimizer=adam", "sampler=grid"]
    whole, narrow = parse_tuning(words).studies[0], parse_tuning([*words, "search=lr"]).studies[0]
    assert set(narrow.space.grid) == {"lr"} < set(whole.space.grid) and narrow.n_trials == len(whole.space.grid["lr"])
    assert set(parse_tuning([*words, "search=lr,1-betas.0"]).studies[0].space.grid) == {"lr", "betas.0"}
    with pytest.raises(UserError, match="the grid has no weight_decay; there are"):
        parse_tuning([*words, "search=lr,weight_decay"])
    drawn = parse_tuning(["task=cifar", "scale=quick", "optimizer=adam", "search=lr"]).studies[0]
    assert drawn.space.grid == {}  # a study of ranges has none


def test_a_grid_of_nothing_is_refused(space):
    path = space("space: {lr: {low: 0.1, high: 1}}")
    with pytest.raises(UserError, match="it has no grid of what is searched"):
        check_study(
            parse_tuning(["task=cifar", "scale=quick", "optimizer=adam", "sampler=grid", f"space={path}"]).studies[0]
        )


def test_what_ends_trials_early_is_part_of_a_study():
    study = parse_tuning(["task=cifar", "scale=quick", "optimizer=adam"]).studies[0]
    paths = {replace(study, pruner=pruner).path for pruner in ("median", "hyperband", "none")}
    assert len(paths) == 3 and study.pruner == "median"


def test_an_unused_grid_is_no_part_of_a_studys_name(space):
    """Editing it orphaned the trials of a study that searches ranges."""
    words = ["task=cifar", "scale=quick", "optimizer=adam"]
    names = {
        sampler: {
            parse_tuning([*words, f"sampler={sampler}", f"space={space(text)}"]).studies[0].path
            for text in (
                "space: {lr: {low: 0.1, high: 1}}\ngrid: {lr: [0.1, 1]}",
                "space: {lr: {low: 0.1, high: 1}}\ngrid: {lr: [0.1, 0.5, 1]}",
            )
        }
        for sampler in ("quasi_random", "grid")
    }
    assert len(names["quasi_random"]) == 1 and len(names["grid"]) == 2


def test_a_study_begun_when_its_grid_was_part_of_its_name_is_gone_on_with(tmp_path):
    study = parse_tuning(["task=cifar", "scale=quick", "optimizer=adam"]).studies[0]
    store = tmp_path / "runs"
    assert as_begun(study, [store]) == study
    old = replace(study, space=replace(study.space, grid={"lr": [0.1, 1.0]}), budget=2)
    write_study(old, tmp_path / "studies" / old.path)
    found = as_begun(study, [store])
    assert found.path == old.path != study.path and found.budget == study.budget
    other = replace(study, trial_seeds=(7,))
    assert as_begun(other, [store]) == other
