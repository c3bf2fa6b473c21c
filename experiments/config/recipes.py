"""Recipe tables as a Hydra group: each row of configs/recipes/<setting>.yaml, for each protocol, data set and model,
becomes `recipe=<setting>/<protocol>/<data>/<model>/<optimizer>`. `recipe=none` leaves an optimizer's own defaults,
`recipe=tuned` takes the row that a tuning study wrote for the same cell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from experiments.config.errors import UserError, nearest
from experiments.config.paths import CONFIGS, live_store
from experiments.config.yaml_files import read_yaml

PROTOCOLS = ("paper", "clean")
NESTED = ("task",)  # keys of a row whose value is a table of its own, and no place


def register(folder: Path = CONFIGS / "recipes") -> None:
    """Offer every row of every recipe table to Hydra. Raises UserError for a table that is not well-formed."""
    from hydra.core.config_store import ConfigStore

    # Hydra copies the store, with its thousands of rows, at every composition, only never to write to it: 0.8 of the
    # second that one takes.
    ConfigStore.__deepcopy__ = lambda self, memo: self  # type: ignore[attr-defined]
    store = ConfigStore.instance()
    own = {"recipe": {"source": "the optimizer's own defaults"}}
    store.store(group="recipe", name="none", node=own, package="_global_")
    for path in sorted(folder.glob("*.yaml")):
        for (protocol, data, model, optimizer), node in recipe_rows(path):
            group = f"recipe/{path.stem}/{protocol}/{data}/{model}"
            store.store(group=group, name=optimizer, node=node, package="_global_", provider=str(path))


def tuned_roots() -> list[Path]:
    """Where tuned rows lie, <setting>/<optimizer>.yaml: those of the studies at hand beside the live store, else the
    committed ones."""
    return [live_store().parent / "tuned", Path("results/archive/tuned")]


def tuned_files(roots: Sequence[Path]) -> list[Path]:
    """The files of tuned rows, those of the first root last."""
    return [path for root in reversed(roots) for path in sorted(root.glob("*/*.yaml"))]


def register_tuned(roots: Sequence[Path]) -> None:
    """Offer each row of a tuning study as `recipe=tuned/<setting>/<data>/<model>/<protocol>-<scale>/<optimizer>`."""
    from hydra.core.config_store import ConfigStore

    store = ConfigStore.instance()
    for path in tuned_files(roots):  # the first root's win
        for place, row in read_yaml(path).items():  # "cifar10/vgg11/clean-small"
            values = {key: value for key, value in row.items() if key != "source"}
            node = {"optimizer": values, "recipe": {"source": row["source"]}}
            group = f"recipe/tuned/{path.parent.name}/{place}"
            store.store(group=group, name=path.stem, node=node, package="_global_", provider=str(path))


def expand_tuned(override: str) -> str:
    """`recipe=tuned` as Hydra understands it: only the first list of defaults knows all choices."""
    place = "${setting}/${data}/${model}/${protocol}-${scale}/${optimizer}"
    return f"recipe=tuned/{place}" if override == "recipe=tuned" else override


def recipe_rows(path: Path) -> Iterator[tuple[tuple[str, str, str, str], dict[str, Any]]]:
    """Yield ((protocol, data, model, optimizer), {"optimizer": values, "recipe": {"source": text}}) for a table's every
    cell, and an empty row `external` for optimizers given by import path.

    Raises UserError for a place within a row that the table does not have, and for a value that is a table.
    """
    table: Any = read_yaml(path)
    check_places(path, table)
    for protocol, data in product(PROTOCOLS, table["data"]):
        for model in table["models"]:
            for optimizer, row in table["rows"].items():
                places = [data, model, f"{data}/{model}", protocol]
                values = {key: value for key, value in row.items() if not isinstance(value, dict)}
                values = {"source": table["source"][data]} | values
                for place in places:
                    values |= row.get(place, {})
                source, note = values.pop("source"), values.pop("note", None)
                node = {"optimizer": values, "recipe": {"source": f"{source} ({note})" if note else source}}
                if "task" in row:  # what the task does for this optimizer alone
                    node["task"] = row["task"]
                yield (protocol, data, model, optimizer), node
            yield (protocol, data, model, "external"), {"recipe": {"source": "the command line"}}


def check_places(path: Path, table: dict[str, Any]) -> None:
    """Refuse what would otherwise be passed over in silence: a misspelt place, a hyperparameter that is a table."""
    for data in table["data"]:
        if data not in table["source"]:
            raise UserError(f"configs/recipes/{path.name}: the data set {data!r} has no source")
    pairs = [f"{data}/{model}" for data, model in product(table["data"], table["models"])]
    known = [*table["data"], *table["models"], *pairs, *PROTOCOLS]
    for optimizer, row in table["rows"].items():
        for key, value in row.items():
            where = f"configs/recipes/{path.name}: {optimizer}"
            if key in (*known, *NESTED) and not isinstance(value, dict):
                raise UserError(f"{where}: {key} holds values by name, got {value!r}")
            if not isinstance(value, dict) or key in NESTED:
                continue
            if key not in known:
                raise UserError(
                    f"{where}: {key!r} is no place of this table{nearest(key, known)}, and a hyperparameter cannot be a"
                    f" table; places are its data sets, models, data/model pairs and protocols: {', '.join(known)}"
                )
            for name, inner in value.items():
                if isinstance(inner, dict):
                    raise UserError(f"{where}: {key}: {name} cannot be a table, got {inner!r}")
