"""How numbers become texts, and tables their forms."""

import re

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.loading.statistics import Estimate, columns_of, estimate
from scripts.tables.footnotes import Footnotes, NoFootnotes
from scripts.tables.formats import (
    DASH,
    MINUS,
    count_column,
    interval,
    interval_column,
    number,
    run_count_column,
    score_column,
    signed,
    spread,
    spread_column,
    word_column,
)
from scripts.tables.latex import latex
from scripts.tables.markdown import markdown
from scripts.tables.shown import shown
from scripts.tables.table import FIELDS, Block, Column, Table

NUMBERS = st.floats(-1e6, 1e6)


@settings(deadline=None)
@given(NUMBERS)
def test_a_sign_is_a_true_minus_and_zero_has_none(value):
    text = signed(value)
    assert float(text.replace(MINUS, "-")) == round(value, 2) and "-" not in text
    assert text.startswith("+") == (float(text.replace(MINUS, "-")) > 0)


@settings(deadline=None)
@given(st.lists(NUMBERS, max_size=5))
def test_missing_numbers_are_dashes_and_single_ones_have_no_spread(values):
    e = estimate(values)
    assert (spread(e) == DASH) == (interval(e) == DASH) == (not values)
    assert ("±" in spread(e)) == ("[" in interval(e)) == (len(values) > 1)


@pytest.mark.parametrize("value", [None, float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_is_a_dash(value):
    assert number(value) == DASH


def test_footnotes_have_their_letters_in_the_order_of_reading():
    marks = Footnotes()
    assert (
        marks.marks("one") == " [a]" and marks.marks("two", "one") == " [b, a]" and marks.marks("one", "one") == " [a]"
    )
    assert marks.marks(("key", "a text")) == marks.marks(("key", "another")) == " [c]"
    assert marks.notes() == ["[a] one", "[b] two", "[c] a text"]
    assert [marks.letter(str(n), "") for n in range(30)][-1] == "gg"
    assert NoFootnotes().marks("one") == ""


ROWS = [
    {"label": "Adam", "complete": 2, "diverged": 1, "origin": "x y",
     **columns_of("last", Estimate(1.0, 0.5, 2, -3.0, 5.0))},
    {"label": "SGD & 5 % [more]", "complete": 0, "diverged": 2},
    {"label": None, "complete": 0, "diverged": 0, "rank": 3},
]  # fmt: skip
COLUMNS = [word_column("optimizer", "label"), run_count_column(), score_column("last", "last"),
           spread_column("spread", "last"), interval_column("interval", "last"), count_column("rank", "rank", "rank"),
           word_column("never", "never", "never")]  # fmt: skip


@pytest.fixture
def table():
    blocks = [Block("First", pd.DataFrame(ROWS), COLUMNS, ["a note"]), Block("Second", pd.DataFrame(ROWS[:1]), COLUMNS)]
    values = [{"data": "d", "kind": "ours", "value": 0.1 + 0.2, "n": 3}, {"kind": "ours", "n": None}]
    return Table("name", "Title", ["Head."], blocks, ["a gap"], ["the last note"], values)


def test_numbers_become_texts_last(table):
    first, second = shown(table).blocks
    assert first.columns == ["optimizer", "n", "last", "spread", "interval", "rank"]
    assert second.columns == ["optimizer", "n", "last", "spread", "interval"]  # nothing to say in the others
    assert first.rows == [
        ["Adam", "2 + 1 diverged [a]", "1.00 ± 0.50", "1.00 ± 0.50", f"+1.00 [{MINUS}3.00, +5.00]", DASH],
        ["SGD & 5 % [more]", "0 + 2 diverged", "diverged", DASH, DASH, DASH],
        [DASH, DASH, DASH, DASH, DASH, "3"],
    ]
    assert shown(table).notes == ["a gap", "[a] X y.", "the last note"]


def test_markdown_holds_every_row_and_note(table):
    text = markdown(shown(table))
    assert text.startswith("# Title\n\nHead.\n\n## First\n\n| optimizer | n |") and text.endswith("- the last note\n")
    assert "| --- | ---: | ---: |" in text and "- a note\n" in text and text.count("| Adam |") == 2


def test_latex_has_a_tabular_for_blocks_with_equal_columns(table):
    text = latex(shown(table))
    assert text.count(r"\begin{tabular}{llrrrrr}") == text.count(r"\begin{tabular}{llrrrr}") == 1
    assert text.count(r"\toprule") == text.count(r"\bottomrule") == 2 and "resizebox" not in text
    assert r"SGD \& 5 \% [more]" in text and r"$\pm$" in text
    table.blocks[1] = Block("Second", table.blocks[0].numbers, COLUMNS)
    again = latex(shown(table))
    assert again.count(r"\begin{tabular}") == 1 and re.search(r"^First & Adam", again, re.M)
    assert re.search(r"^Second & Adam", again, re.M)


def test_a_bracket_that_begins_a_cell_is_guarded(table):
    """After the end of a row LaTeX would take it for a length."""
    table.blocks = [Block("B", pd.DataFrame([{}]), [Column("c", lambda row, marks: "[5]")])]
    assert "{[5]}" in latex(shown(table))


def test_raw_numbers_keep_every_digit(table):
    frame = table.raw
    assert list(frame) == FIELDS and frame["value"].iloc[0] == 0.1 + 0.2
    text = frame.to_csv(index=False)
    assert "0.30000000000000004" in text and text.splitlines()[1].split(",")[9] == "3"
    assert not len(Table("empty", "").raw)
