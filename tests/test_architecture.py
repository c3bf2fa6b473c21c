"""The arrows between the rooms of the house, and what may stand in each."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("optimizers", "models", "data", "experiments", "scripts")
FILES = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]
LEAVES = ("optimizers", "models", "data")
# What a room may import of the others and of the heavy packages.
ALLOWED = {
    "optimizers": {"optimizers", "torch"},
    "models": {"models", "torch", "torchvision"},
    "data": {"data", "torch", "torchvision", "numpy", "sklearn"},
    "experiments": {
        "experiments",
        "optimizers",
        "models",
        "data",
        "torch",
        "numpy",
        "hydra",
        "omegaconf",
        "yaml",
        "rich",
        "wandb",
        "optuna",
    },
    "scripts": {"scripts", "experiments", "rich", "pandas", "numpy", "matplotlib"},
}
# A file fits on a few screens; those that do not say why.
LONG = {
    "data/cifar.py": "two official layouts, their checksums and a download are one loader",
    "optimizers/base.py": "what a torch optimizer owes its users, apart from mathematics, stands in one class",
}
PAGES = ("README.md", "results/README.md")
WATCHED = set().union(*ALLOWED.values())


def name(path):
    return str(path.relative_to(ROOT))


def imports(path):
    """Top-level packages that a file imports, at any depth."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


@pytest.mark.parametrize("path", FILES, ids=name)
def test_imports_go_one_way(path):
    room = path.relative_to(ROOT).parts[0]
    timing = "bench" in name(path)  # what is timed has to be at hand
    assert set(imports(path)) & WATCHED <= ALLOWED[room] | (
        ALLOWED["experiments"] | ALLOWED["data"] if timing else set()
    )


DRAWING = [
    "scripts/benching/chart.py",
    "scripts/drawing/boxes.py",
    "scripts/drawing/dots.py",
    "scripts/drawing/saving.py",
    "scripts/drawing/sensitivity.py",
    "scripts/drawing/strips.py",
    "scripts/drawing/studies.py",
    "scripts/figures.py",
]
HOMES = {"wandb": ["experiments/mirror.py"], "optuna": ["experiments/tuning/storage.py"], "matplotlib": DRAWING}


@pytest.mark.parametrize("package", HOMES)
def test_a_package_is_imported_where_it_belongs(package):
    assert [name(path) for path in FILES if package in imports(path)] == HOMES[package]


def test_gradients_are_taken_in_one_place():
    found = [name(p) for p in FILES for _ in re.findall(r"\.backward\(", p.read_text())]
    assert found == ["experiments/loop.py"]


def test_the_loop_names_no_task():
    text = (ROOT / "experiments" / "loop.py").read_text().lower()
    assert not re.findall(r"classif|language|\bgan\b|image|accuracy|perplexity|critic", text)


def test_no_optimizer_or_protocol_is_asked_for_its_name():
    branch = re.compile(r"""(optimizer|protocol|name)\w* == ["'](adam|sgd|paper|clean|adabelief)""")
    assert [name(p) for p in FILES if p.is_relative_to(ROOT / "experiments") and branch.search(p.read_text())] == []


@pytest.mark.parametrize("path", [p for p in FILES if p.parent == ROOT / "optimizers"], ids=name)
def test_an_optimizer_fits_on_a_page(path):
    assert path.name in ("base.py", "adabelief_variant.py") or len(path.read_text().splitlines()) <= 80


def test_every_file_that_computes_results_has_a_revision():
    for path in sorted((ROOT / "configs").glob("*/*.yaml")):
        if path.parent.name in ("task", "data", "model", "optimizer") and path.stem != "external":
            target = re.search(r"_target_: ([\w.]+)\.\w+", path.read_text())
            module = ROOT / (target.group(1).replace(".", "/") + ".py")
            source = module if module.is_file() else ROOT / "optimizers" / f"{path.stem.replace('adamw', 'adam')}.py"
            assert re.search(r"^REVISION = \d+", source.read_text(), re.M), path


def test_files_are_short():
    long = {name(path) for path in FILES if len(path.read_text().splitlines()) > 200}
    assert long == set(LONG)


def test_nothing_points_outside_of_the_repository():
    """Reference material and tools that lie beside this checkout are not there in another's."""
    places = ["configs", "tests", ".ci", "results/paper", "results/archive", "results/tables"]
    files = [*FILES, *(path for place in places for path in sorted((ROOT / place).rglob("*")) if path.is_file())]
    files += [path for path in sorted(ROOT.iterdir()) if path.is_file() and path.name != ".git"]
    files = [path for path in files if path.suffix not in (".pyc", ".gz", ".npz", ".png")]
    outside = re.compile(r"\.\./share[d]|/wor[k]/|\.librar[y]")  # spelt so that this file does not find itself
    assert [name(path) for path in files if outside.search(path.read_text())] == []


def test_what_is_ignored_hides_neither_code_nor_evidence():
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert {"data/raw/", "results/runs/", "results/local/"} <= set(ignored)
    assert not {"data/", "results/", "data", "results"} & set(ignored)


@pytest.mark.parametrize("page", PAGES)
def test_a_readme_names_targets_that_exist(page):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    named = set(re.findall(r"\bmake ([a-z-]+)", (ROOT / page).read_text()))
    assert named and named <= targets, named - targets


@pytest.mark.parametrize("page", PAGES)
def test_a_readme_links_to_files_and_headings_that_exist(page):
    links = re.findall(r"\]\((?!http)([^)#]*)#?([^)]*)\)", (ROOT / page).read_text())
    assert links
    for file, anchor in links:
        target = ROOT / page if not file else (ROOT / page).parent / file
        assert target.exists(), file
        assert not anchor or anchor in headings(target), anchor


def headings(page: Path) -> set[str]:
    """The anchors that GitHub makes of a page's headings."""
    found = re.findall(r"^#+ (.*)$", page.read_text(), re.M)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in found}
