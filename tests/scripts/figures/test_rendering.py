"""Files of figures: the same bytes from the same numbers, drawn again when and only when something that counts has
changed."""

import ast
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure as Canvas

from scripts.figures import digest, rendering
from scripts.figures.curves import Line, Panel
from scripts.figures.digest import code_digest, figure_digest
from scripts.figures.figure import Figure
from scripts.figures.learning_curves import LearningCurves
from scripts.figures.rendering import render, render_all

ROOT = Path(__file__).parents[3]


def curves(name="curves", last=90.0):
    line = Line("ours", "adam", [0, 1, 2, 3], [20.0, 60.0, 80.0, last], [1.0, 1.0, 1.0, 1.0])
    panel = Panel("VGG11", "accuracy (%)", [line], 0.0, 100.0)
    return LearningCurves(name, "A title", "A caption.", [[panel], [panel]])


def files(figure, folder):
    return [path.read_bytes() for path in rendering.file_paths(figure, folder)]


def drawn(figures, folder):
    return [done.figure.name for done in render_all(figures, folder, processes=1) if done.drawn]


def test_nothing_is_drawn_twice(tmp_path):
    figures = [curves("a"), curves("b", last=85.0)]
    done = list(render_all(figures, tmp_path, processes=1))
    assert [r.figure.name for r in done] == ["a", "b"] and all(r.drawn for r in done)
    assert [path.name for r in done for path in r.paths] == ["a.png", "a.pdf", "b.png", "b.pdf"]
    before = files(figures[0], tmp_path)
    again = list(render_all(figures, tmp_path, processes=1))
    assert [r.paths for r in again] == [r.paths for r in done] and not any(r.drawn for r in again)
    assert files(figures[0], tmp_path) == before and sorted(os.listdir(tmp_path)) == [
        "a.pdf",
        "a.png",
        "b.pdf",
        "b.png",
    ]


@pytest.mark.parametrize("kind", rendering.FORMATS)
@pytest.mark.parametrize("fault", ["deleted", "foreign", "cut off", "empty", "a folder"])
def test_a_missing_or_foreign_file_is_drawn(tmp_path, kind, fault):
    figure = curves()
    render(figure, tmp_path)
    whole, path = files(figure, tmp_path), tmp_path / f"curves.{kind}"
    content = path.read_bytes()
    path.unlink()
    if fault == "a folder":
        path.mkdir()
        assert not rendering.is_up_to_date(figure, figure_digest(figure), tmp_path)
        return
    if fault != "deleted":
        canvas = Canvas()
        canvas.savefig(path)
        foreign = path.read_bytes()
        path.write_bytes({"foreign": foreign, "cut off": content[:-9], "empty": b""}[fault])
    assert drawn([figure], tmp_path) == ["curves"] and files(figure, tmp_path) == whole


def test_a_changed_number_word_or_colour_is_drawn(tmp_path):
    figure = curves()
    render(figure, tmp_path)
    for changed in (curves(last=90.0000001), replace(figure, title="Another"), replace(figure, caption="")):
        assert drawn([changed], tmp_path) == ["curves"]
        assert drawn([changed], tmp_path) == [] and drawn([figure], tmp_path) == ["curves"]


def test_other_code_or_another_matplotlib_draws_again(tmp_path, monkeypatch):
    figure = curves()
    render(figure, tmp_path)
    monkeypatch.setattr(digest, "code_digest", lambda modules: "other code")
    assert drawn([figure], tmp_path) == ["curves"]
    monkeypatch.undo()
    assert drawn([figure], tmp_path) == ["curves"] and drawn([figure], tmp_path) == []
    monkeypatch.setattr(digest, "version", lambda package: "0.1")
    assert drawn([figure], tmp_path) == ["curves"]


CURVES = "scripts.figures.learning_curves"


@pytest.mark.parametrize(
    ("file", "old", "new", "counts"),
    [
        ("figures/line_kinds.py", '"lw": 1.3', '"lw": 1.4', True),
        ("figures/learning_curves.py", 'xlabel="epoch"', 'xlabel="epochs"', True),
        ("figures/canvas.py", "TITLE = ", "SUBTITLE = ", True),
        ("figures/rendering.py", "DPI = 110", "DPI = 111", True),
        ("loading/display.py", "#D55E00", "#D55E01", True),
        ("figures/learning_curves.py", '"""Scores by epoch,', '"""The scores by epoch,', False),
        ("figures/learning_curves.py", "  # characters that a panel holds", "  # letters", False),
        ("figures/heat_maps.py", "viridis", "magma", False),
        ("figures/catalogue.py", "first_epochs_figure", "other_figure", False),
    ],
)
def test_the_code_that_draws_counts(tmp_path, file, old, new, counts):
    for name in ("figures", "loading"):
        shutil.copytree(ROOT / "scripts" / name, tmp_path / "scripts" / name)
    modules = CURVES, digest.RENDERER
    before = code_digest(modules, tmp_path)
    assert before == code_digest(modules)  # where the code lies does not count
    path = tmp_path / "scripts" / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    assert (code_digest.__wrapped__(modules, tmp_path) != before) is counts


def test_every_module_that_draws_is_found():
    """What a kind of figure imports of its own folder, however it is imported, is part of its code."""
    tree = ast.parse("import scripts.figures.canvas\nfrom scripts.figures import boxes\nfrom scripts.loading import a")
    assert set(digest.imported(tree)) == {"scripts.figures.canvas", "scripts.figures.boxes"}


@dataclass
class Anything(Figure):
    value: object = None
    values: list = field(default_factory=list)

    def draw(self):
        return Canvas()


@given(st.lists(st.floats(allow_nan=False), min_size=1), st.data())
def test_any_other_number_is_another_digest(values, data):
    first = figure_digest(Anything("a", "", "", values=values))
    assert first == figure_digest(Anything("a", "", "", values=list(values)))
    place = data.draw(st.integers(0, len(values) - 1))
    other = data.draw(st.floats(allow_nan=False).filter(lambda value: value != values[place]))
    changed = [*values[:place], other, *values[place + 1 :]]
    assert figure_digest(Anything("a", "", "", values=changed)) != first
    assert figure_digest(Anything("a", "", "", values=[*values, 0.0])) != first


def test_a_figure_holds_plain_values_only():
    assert figure_digest(Anything("a", "", "", value=b"1")) != figure_digest(Anything("a", "", "", value=b"2"))
    for value in (object(), {1, 2}, np.zeros(2), Path("a")):
        with pytest.raises(TypeError, match="plain values only"):
            figure_digest(Anything("a", "", "", value=value))


def test_several_processes_draw_the_same_files(tmp_path):
    figures = [curves(name, last=80.0 + i) for i, name in enumerate("abc")]
    list(render_all(figures[1:2], tmp_path / "two", processes=1))
    done = list(render_all(figures, tmp_path / "two", processes=2))
    assert [(r.figure.name, r.drawn) for r in done] == [("a", True), ("b", False), ("c", True)]
    for figure in figures:
        render(figure, tmp_path / "one")
        assert files(figure, tmp_path / "one") == files(figure, tmp_path / "two")


def test_another_process_and_settings_give_the_same_bytes(tmp_path):
    """Neither the hash seed, the date nor a user's own matplotlibrc changes a file."""
    figure = curves()
    render(figure, tmp_path)
    (tmp_path / "matplotlibrc").write_text("lines.linewidth: 7\nfont.size: 20\nsavefig.facecolor: pink\n")
    code = (
        "from pathlib import Path\nfrom scripts.figures.rendering import render\n"
        "from tests.scripts.figures.test_rendering import curves\n"
        f"render(curves(), Path({str(tmp_path / 'again')!r}))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "7", "MATPLOTLIBRC": str(tmp_path), "SOURCE_DATE_EPOCH": "1"}
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, check=True)
    assert files(figure, tmp_path / "again") == files(figure, tmp_path)


def test_the_files_say_what_they_are_made_from_and_not_when(tmp_path):
    figure = curves()
    before = dict(matplotlib.rcParams)
    render(figure, tmp_path)
    assert dict(matplotlib.rcParams) == before
    for content in files(figure, tmp_path):
        assert f"made from sha256 {figure_digest(figure)}".encode() in content
        assert not re.search(rb"CreationDate|ModDate|tIME|Creation Time", content)
