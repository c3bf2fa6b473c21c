"""The arrows between the rooms of the house, and what may stand in each."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("optimizers", "models", "data", "experiments", "scripts")
FILES = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
LEAVES = {"optimizers", "models", "data"}
# Which rooms the modules of a room may import, besides their own: the arrows of the house.
CONFIG, STORE = "experiments.config", "experiments.store"
GRID, STUDIES, TRAINING = "experiments.grid", "experiments.studies", "experiments.training"
RUNS, WORKERS, TUNING = "experiments.runs", "experiments.workers", "experiments.tuning"
LOADING, PUBLISHED = "scripts.loading", "scripts.published"
READERS = {CONFIG, STORE, GRID, STUDIES}
ARROWS = {
    "optimizers": set(),
    "optimizers.backends": set(),
    "models": set(),
    "data": set(),
    CONFIG: {"data"},  # its errors alone, see below
    STORE: {CONFIG},
    GRID: {CONFIG, STORE},
    STUDIES: {CONFIG, STORE},
    TRAINING: {CONFIG, STORE, "optimizers"},
    "experiments.metrics": {CONFIG, STORE, TRAINING, "data", "models"},
    "experiments.tasks": {CONFIG, TRAINING, "experiments.metrics", "data", "models"},
    RUNS: {CONFIG, STORE, TRAINING, "data", "experiments.runs.loggers"},
    "experiments.runs.loggers": {CONFIG},
    WORKERS: {CONFIG, STORE, GRID, TRAINING, RUNS},
    TUNING: {CONFIG, STORE, GRID, STUDIES, RUNS, WORKERS},
    "experiments": {*READERS, TRAINING, RUNS, WORKERS, TUNING, "experiments.metrics", "data"},  # commands
    PUBLISHED: {CONFIG, LOADING},  # what a measure is called
    LOADING: {*READERS, PUBLISHED},
    "scripts.tables": {*READERS, LOADING, PUBLISHED},
    "scripts.figures": {*READERS, LOADING, PUBLISHED},
    "scripts.benchmarks": {*READERS, TRAINING, RUNS, "experiments.tasks", "experiments.metrics", *LEAVES, LOADING,
                           "scripts.tables", "optimizers.backends"},
    "scripts": {*READERS, LOADING, PUBLISHED, "scripts.tables"},  # commands
}  # fmt: skip
ROOMS = set(ARROWS) | {"optimizers.backends"}
# Heavy packages of others: where each may be imported at all.
HOMES = {
    "wandb": {"experiments.runs.loggers"},
    "optuna": {TUNING},
    "matplotlib": {"scripts.figures", "scripts.benchmarks"},
    "hydra": {CONFIG, STUDIES, GRID, RUNS, TUNING, "experiments"},
    "torchvision": {"models", "data", "scripts.benchmarks"},
    "rich": {RUNS, "experiments", "scripts", "scripts.tables"},
    "pandas": {LOADING, PUBLISHED, "scripts.tables", "scripts.figures", "scripts.benchmarks", "scripts"},
    "filelock": {STORE},
    "torch": {*LEAVES, "optimizers.backends", TRAINING, "experiments.metrics", "experiments.tasks", RUNS, WORKERS, GRID,
              TUNING, "experiments", "scripts.benchmarks"},
}  # fmt: skip
PAGES = ("README.md", "results/README.md")


def name(path):
    return str(path.relative_to(ROOT))


def module_name(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in FILES}


def room_of(module):
    """The room that a module belongs to: the longest that its name begins with."""
    return max((room for room in ROOMS if module == room or module.startswith(f"{room}.")), key=len)


def imported(path, at_import_time=False):
    """Names of the modules that a file imports, ours whole and others' by their first part; those within functions too,
    unless only what happens when it is imported is asked for."""
    package = module_name(path) if path.name == "__init__.py" else module_name(path).rpartition(".")[0]
    tree = ast.parse(path.read_text())
    inner = {id(n) for f in ast.walk(tree) if isinstance(f, ast.FunctionDef) for n in ast.walk(f)}
    for node in ast.walk(tree):
        if at_import_time and id(node) in inner:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                whole = f"{base}.{alias.name}"
                yield whole if whole in MODULES else base


def ours(names):
    return {found for found in names if found.partition(".")[0] in PACKAGES}


@pytest.mark.parametrize("path", FILES, ids=name)
def test_imports_follow_the_arrows(path):
    room = room_of(module_name(path))
    targets = {room_of(found) for found in ours(imported(path)) if found in MODULES}
    assert targets - {room} <= ARROWS[room] | ({"optimizers.backends"} if room == "optimizers" else set())


def test_the_configuration_knows_of_data_only_how_they_fail():
    found = {target for path in FILES if room_of(module_name(path)) == CONFIG for target in ours(imported(path))}
    assert {target for target in found if target.startswith("data")} == {"data.errors"}


@pytest.mark.parametrize("package", HOMES)
def test_a_package_is_imported_where_it_belongs(package):
    rooms = {room_of(module_name(path)) for path in FILES if package in {n.partition(".")[0] for n in imported(path)}}
    assert rooms <= HOMES[package]


def test_there_is_no_circle():
    graph = {module: ours(imported(path)) & set(MODULES) - {module} for module, path in MODULES.items()}
    done, circles = set(), []

    def visit(module, trail):
        if module in trail:
            circles.append([*trail[trail.index(module) :], module])
        elif module not in done:
            for target in sorted(graph[module]):
                visit(target, [*trail, module])
            done.add(module)

    for module in sorted(graph):
        visit(module, [])
    assert circles == []


TRAINS = (TRAINING, "experiments.tasks", RUNS)  # rooms that no reader of records needs
DRAGGED = """
import importlib, sys
importlib.import_module(sys.argv[1])
print("\\n".join(sys.modules))
"""


@pytest.mark.parametrize("module, never", [
    ("scripts.tables.__main__", ("torch", "hydra", "matplotlib", *TRAINS)),
    ("scripts.figures.__main__", ("torch", "hydra", *TRAINS)),
    ("scripts.status", ("torch", "hydra", "pandas", *TRAINS)),
    ("scripts.archive", ("torch", "hydra", *TRAINS)),
    ("scripts.readme", ("torch", "hydra", *TRAINS)),
    ("experiments.train", ("torch", "hydra", "pandas", "scripts")),
    ("experiments.reproduce", ("torch", "hydra", "pandas", "scripts", "experiments.tasks")),
    ("experiments.runs.run", ("torch._dynamo", "torchvision", "pandas", "scripts", "experiments.tasks")),
    ("optimizers", ("torch._dynamo", "torch._inductor", "numpy.testing", "experiments", "models", "data")),
])  # fmt: skip
def test_what_an_import_drags_along(module, never):
    program = [sys.executable, "-c", DRAGGED, module]
    loaded = subprocess.run(program, capture_output=True, text=True, check=True, cwd=ROOT).stdout.split()
    assert [found for found in loaded if any(found == n or found.startswith(f"{n}.") for n in never)] == []


def test_the_commands_have_their_corridor_to_themselves():
    """What stands at the top of experiments/ and scripts/ is run by name; all else has a room."""
    for folder in ("experiments", "scripts"):
        for path in sorted((ROOT / folder).glob("*.py")):
            assert path.name == "__init__.py" or '__name__ == "__main__"' in path.read_text(), name(path)


def test_gradients_are_taken_in_one_place():
    found = [name(p) for p in FILES for _ in re.findall(r"\.backward\(", p.read_text())]
    assert found == ["experiments/training/loop.py"]


def test_the_loop_names_no_task():
    text = (ROOT / "experiments" / "training" / "loop.py").read_text().lower()
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
    """A file fits on a few screens."""
    assert [name(path) for path in FILES if len(path.read_text().splitlines()) > 200] == []


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
