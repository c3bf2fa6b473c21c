"""Recipe tables as a Hydra group: each row of configs/recipes/<setting>.yaml, for each protocol, data set and model,
becomes `recipe=<setting>/<protocol>/<data>/<model>/<optimizer>`. `recipe=none` leaves an optimizer's own defaults,
`recipe=tuned` takes the row that a tuning study wrote for the same cell."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from hydra.core.config_store import ConfigStore
from omegaconf import OmegaConf  # reads 1e-3 as a number; PyYAML takes it for text

PROTOCOLS = ("paper", "clean")
CONFIGS = Path(__file__).resolve().parent.parent / "configs"


def register(folder: Path = CONFIGS / "recipes") -> None:
    """Offer every row of every recipe table to Hydra."""
    # Hydra copies the store, with its thousands of rows, at every composition, only never to write to it: 0.8 of the
    # second that one takes.
    ConfigStore.__deepcopy__ = lambda self, memo: self  # type: ignore[attr-defined]
    store = ConfigStore.instance()
    own = {"recipe": {"source": "the optimizer's own defaults"}}
    store.store(group="recipe", name="none", node=own, package="_global_")
    for path in sorted(folder.glob("*.yaml")):
        for (protocol, data, model, optimizer), node in rows(path):
            group = f"recipe/{path.stem}/{protocol}/{data}/{model}"
            store.store(group=group, name=optimizer, node=node, package="_global_", provider=str(path))


def tuned_roots() -> list[Path]:
    """Where tuned rows lie, <setting>/<optimizer>.yaml: those of the studies at hand beside the live store, else the
    committed ones."""
    return [Path(os.environ.get("STORE", "results/runs")).parent / "tuned", Path("results/archive/tuned")]


def register_tuned(roots: Sequence[Path]) -> None:
    """Offer each row of a tuning study as `recipe=tuned/<setting>/<data>/<model>/<protocol>-<scale>/<optimizer>`."""
    store = ConfigStore.instance()
    for path in [path for root in reversed(roots) for path in sorted(root.glob("*/*.yaml"))]:  # the first root's win
        content: Any = OmegaConf.to_container(OmegaConf.load(path))
        for place, row in content.items():  # "cifar10/vgg11/clean-small"
            values = {key: value for key, value in row.items() if key != "source"}
            node = {"optimizer": values, "recipe": {"source": row["source"]}}
            group = f"recipe/tuned/{path.parent.name}/{place}"
            store.store(group=group, name=path.stem, node=node, package="_global_", provider=str(path))


def spelt_out(word: str) -> str:
    """`recipe=tuned` as Hydra understands it: only the first list of defaults knows all choices."""
    place = "${setting}/${data}/${model}/${protocol}-${scale}/${optimizer}"
    return f"recipe=tuned/{place}" if word == "recipe=tuned" else word


def rows(path: Path) -> Iterator[tuple[tuple[str, str, str, str], dict[str, Any]]]:
    """Yield ((protocol, data, model, optimizer), {"optimizer": values, "recipe": {"source": text}}) for a table's every
    cell, and an empty row `external` for optimizers given by import path."""
    table: Any = OmegaConf.to_container(OmegaConf.load(path))
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
