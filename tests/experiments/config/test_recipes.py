"""Recipe tables: what is not well-formed is refused, nothing is dropped in silence."""

import pytest

from experiments.config.errors import UserError
from experiments.config.recipes import recipe_rows

TABLE = """
source: {cifar10: somebody}
data: [cifar10]
models: [resnet34]
rows:
  adam: {lr: 0.001, ROW}
"""


def read(tmp_path, row):
    path = tmp_path / "mine.yaml"
    path.write_text(TABLE.replace("ROW", row))
    return dict(recipe_rows(path))


def test_places_are_laid_over_a_row_in_their_order(tmp_path):
    row = "resnet34: {lr: 0.1}, cifar10/resnet34: {lr: 0.2}, clean: {weight_decay: 0.5}"
    found = read(tmp_path, row)
    assert found["paper", "cifar10", "resnet34", "adam"]["optimizer"] == {"lr": 0.2}
    assert found["clean", "cifar10", "resnet34", "adam"]["optimizer"] == {"lr": 0.2, "weight_decay": 0.5}


def test_a_data_set_without_a_source_is_refused(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(TABLE.replace(", ROW", "").replace("[cifar10]", "[cifar10, mnist]"))
    with pytest.raises(UserError, match="the data set 'mnist' has no source"):
        list(recipe_rows(path))


@pytest.mark.parametrize("row, message", [
    ("cifar10/resnet43: {lr: 5}", r"'cifar10/resnet43' is no place.*did you mean 'cifar10/resnet34'"),
    ("betas: {first: 0.9}", r"'betas' is no place of this table, and a hyperparameter cannot be a table"),
    ("clean: 5", r"adam: clean holds values by name, got 5"),
    ("cifar10: null", r"adam: cifar10 holds values by name, got None"),
    ("task: 3", r"adam: task holds values by name, got 3"),
    ("resnet34: {betas: {first: 0.9}}", r"resnet34: betas cannot be a table"),
])  # fmt: skip
def test_what_would_be_dropped_in_silence_is_refused(tmp_path, row, message):
    with pytest.raises(UserError, match=message):
        read(tmp_path, row)
