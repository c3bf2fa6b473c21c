"""What others published of the generative models: the five runs behind each box of the paper's Fig. 6, its Table 3, a
rerun's end values. The data and their sources are in results/paper/published_gan.csv."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pandas as pd

from scripts.published.public_record import PAPER

MODELS = {"wgan": "wgan", "wgan-gp": "wgan-gp", "sngan": "sngan-resnet"}  # a setting's name in the file


@dataclass(frozen=True)
class Distance:
    """A published FID: mean, sd, median over runs; `runs` sorted where they can be read off; `error` of a reading."""

    mean: float
    sd: float | None
    median: float | None
    runs: tuple[float, ...]
    error: float | None
    source: str

    @property
    def of_best(self) -> bool:
        """Whether it is of the best checkpoint: a printed table's mean, without single runs."""
        return self.median is None

    @property
    def middle(self) -> float:
        """What an order of optimizers goes by."""
        return self.mean if self.median is None else self.median


@lru_cache(maxsize=2)
def load_distances(folder: Path = PAPER) -> tuple[dict[tuple[str, str], Distance], dict[tuple[str, str], Distance]]:
    """The paper's and the independent rerun's, by (setting, optimizer)."""
    rows = pd.read_csv(folder / "published_gan.csv")
    paper, rerun = {}, {}
    for setting, model in MODELS.items():
        for optimizer, found in rows[rows["model"] == model].groupby("optimizer"):
            key = setting, str(optimizer)
            table = found[(found["kind"] == "table") | (found["metric"] == "fid_mean")]
            if len(table):
                row, orders = table.iloc[0], found[found["metric"].str.match(r"fid_order\dof5")]
                median = found[found["metric"] == "fid_median"]["value"]
                runs = tuple(sorted(orders["value"]))
                middle = float(median.iloc[0]) if len(median) else None
                paper[key] = Distance(
                    row["value"], row["sd"], middle, runs, error_of_reading(row["note"]), row["source"]
                )
            for end in found[found["kind"] == "rerun"].to_dict("records"):
                error = error_of_reading(end["note"])
                rerun[key] = Distance(end["value"], None, None, (), error, f"{end['source']}; {end['note']}")
    return paper, rerun


@lru_cache(maxsize=2)
def also_published(folder: Path = PAPER) -> dict[str, list[tuple[str, float, str]]]:
    """What else the authors published, by setting: (optimizer, FID, where and how). It contradicts itself in part."""
    rows = pd.read_csv(folder / "published_gan.csv")
    rows = rows[rows["kind"].isin(["curve", "readme"]) & rows["metric"].str.startswith("fid")]
    found: dict[str, list[tuple[str, float, str]]] = {}
    for setting, model in MODELS.items():
        for row in rows[rows["model"] == model].to_dict("records"):
            text = f"{row['source']}; {row['note']}"
            found.setdefault(setting, []).append((row["optimizer"], row["value"], text))
    return found


def error_of_reading(note: str) -> float | None:
    """The uncertainty that a reading's note states, or None where it states none."""
    found = re.search(r"\+-([\d.]+\d)", note)
    return float(found.group(1)) if found else None
