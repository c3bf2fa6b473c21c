"""The tables inside README.md and results/README.md."""

import pytest

from experiments.errors import UserError
from scripts.readme import PAGES, TABLES, filled

TABLE = """# Title

## VGG11 on CIFAR-10

| optimizer | epoch | ours | n |
| --- | ---: | ---: | ---: |
| AdaBelief | 1 | 60.00 | 3 [a] |
| AdaBelief | 2 | 64.80 | 3 [a] |
| Adam | 2 | 10.00 | 1 |

- a note
"""


@pytest.fixture
def tables(tmp_path):
    (tmp_path / "first.md").write_text(TABLE)
    return tmp_path


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
        ("second: VGG11 on CIFAR-10: n", "second.md"),
        ("first: ResNet34 on CIFAR-10: n", "no such block"),
        ("first: VGG11 on CIFAR-10: m", "column 'm'"),
        ("first: VGG11 on CIFAR-10: seed=2: n", "column 'seed'"),
    ],
)
def test_what_is_not_there_is_named(tables, asked, wrong):
    with pytest.raises(UserError, match=wrong):
        filled(f"<!-- {asked} -->\n<!-- end -->", tables)


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_a_readme_shows_the_committed_tables(page):
    text = page.read_text()
    assert filled(text, TABLES) == text, "make archive writes them"
