"""The tables inside README.md and results/README.md."""

import io
from pathlib import Path

import pandas as pd
import pytest

from experiments.config.errors import UserError
from scripts.readme import PAGES, archived_tables, filled
from scripts.tables.formats import count_column, number_column, run_count_column, word_column
from scripts.tables.markdown import markdown
from scripts.tables.shown import shown
from scripts.tables.table import Block, Table

TABLES = Path("results/tables")


@pytest.fixture
def tables():
    numbers = pd.DataFrame(
        [
            {
                "label": "AdaBelief",
                "epoch": 1,
                "ours": 60.0,
                "complete": 3,
                "origin": "seeds come from 2 machines (a; b)",
            },
            {
                "label": "AdaBelief",
                "epoch": 2,
                "ours": 64.8,
                "complete": 3,
                "origin": "seeds come from 2 machines (a; b)",
            },
            {"label": "Adam", "epoch": 2, "ours": 10.0, "complete": 1, "origin": None},
        ]
    )
    columns = [word_column("optimizer", "label"), count_column("epoch", "epoch"), number_column("ours", "ours"),
               run_count_column()]  # fmt: skip
    return {"first": Table("first", "Title", blocks=[Block("VGG11 on CIFAR-10", numbers, columns, ["a note"])])}


def test_a_place_is_filled_with_the_rows_and_columns_that_it_names(tables):
    text = "before\n<!-- first: VGG11 on CIFAR-10: epoch=2: optimizer, n, ours -->\nold\n<!-- end -->\nafter\n"
    expected = (
        "before\n<!-- first: VGG11 on CIFAR-10: epoch=2: optimizer, n, ours -->\n| optimizer | n | ours |\n"
        "| --- | ---: | ---: |\n| AdaBelief | 3 | 64.80 |\n| Adam | 1 | 10.00 |\n<!-- end -->\nafter\n"
    )
    assert filled(text, tables) == expected == filled(expected, tables)


def test_without_a_condition_all_rows_stand_there(tables):
    assert filled("<!-- first: VGG11 on CIFAR-10: ours -->\n<!-- end -->", tables).count("\n") == 6


@pytest.mark.parametrize(
    "asked, wrong",
    [
        ("second: VGG11 on CIFAR-10: n", "table second"),
        ("first: ResNet34 on CIFAR-10: n", "no such block"),
        ("first: VGG11 on CIFAR-10: m", "column 'm'"),
        ("first: VGG11 on CIFAR-10: seed=2: n", "column 'seed'"),
    ],
)
def test_what_is_not_there_is_named(tables, asked, wrong):
    with pytest.raises(UserError, match=wrong):
        filled(f"<!-- {asked} -->\n<!-- end -->", tables)


def test_the_committed_tables_are_those_of_the_archive():
    for table in archived_tables().values():
        committed = TABLES / table.name
        assert committed.with_suffix(".md").read_text() == markdown(shown(table)), "make archive writes it"
        numbers = pd.read_csv(committed.with_suffix(".csv"), keep_default_na=False, dtype=str)
        made = pd.read_csv(io.StringIO(table.raw.to_csv(index=False)), keep_default_na=False, dtype=str)
        pd.testing.assert_frame_equal(numbers, made)


def test_a_readme_shows_the_tables_of_the_archive():
    tables = archived_tables()
    for page in PAGES:
        text = page.read_text()
        assert text.count("<!-- end -->") >= 2, page
        assert filled(text, tables) == text, f"make archive writes {page}"
