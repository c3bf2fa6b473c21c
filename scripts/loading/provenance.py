"""How runs were made, in words: settings, machines, versions, and where a row's seeds differ in them. All functions
take rows of the `runs` frame."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from scripts.loading.display import optimizer_name

COMMIT_LETTERS = 10


def origin(runs: pd.DataFrame) -> str | None:
    """Says so where a row's seeds come from several machines or commits."""
    if len(runs) < 2:
        return None
    commits = [commit[:COMMIT_LETTERS] for commit in runs["commit"]]
    texts = []
    for plural, names in (("machines", runs["machine"]), ("commits", commits)):
        found = list(dict.fromkeys(names))
        if len(found) > 1:
            texts.append(f"{len(found)} {plural} ({'; '.join(found)})")
    return f"seeds come from {' and '.join(texts)}" if texts else None


def made_with(runs: pd.DataFrame) -> str:
    """Settings and machines of all of a block's runs: "Made with: ..."."""
    return f"Made with: {settings(runs)}; {machines(runs)}"


def settings(runs: pd.DataFrame) -> str:
    """Width, pixels, epochs, batches where they are limited, threads, precision, and whether the model was compiled,
    with "/" between differing values."""
    width, pixels, epochs, batches, threads, precision = (
        distinct(runs[name]) for name in ("width", "pixels", "epochs", "batches_per_epoch", "threads", "precision")
    )
    parts = [
        f"width {width}" if width else "",
        f"{pixels} px" if pixels else "",
        f"{first_epochs(runs)}{epochs or '?'} epochs",
        f"{batches} batches an epoch" if batches else "",
        f"{threads or '?'} {'thread' if threads == '1' else 'threads'}",
        precision or "?",
        "compiled" if runs["compiled"].any() else "",
    ]
    return ", ".join(filter(None, parts))


def first_epochs(runs: pd.DataFrame) -> str:
    """ "the first 3 of " for runs that stopped before the schedule's end."""
    partial = runs["status"] == "partial"
    reached = [str(n) for n in sorted(set(runs["epochs_done"][partial]))] + ["all"] * int(0 < partial.sum() < len(runs))
    return f"the first {' or '.join(reached)} of ".replace("first 1 of", "first of") if partial.any() else ""


def distinct(values: Iterable[Any]) -> str:
    """Different values by "/", as they were written."""
    return "/".join(dict.fromkeys(str(value) for value in values if value is not None))


def machines(runs: pd.DataFrame) -> str:
    """Processor or GPU and torch, the commonest first; of the others, whose runs they are."""
    where = runs["machine"] + ", torch " + runs["torch"]
    counts = where.value_counts(sort=False)
    first, *others = sorted(counts.index, key=lambda name: -counts[name])
    return "; ".join([f"on {first}", *(f"on {name} ({whose(runs[where == name], runs)})" for name in others)])


def whose(runs: pd.DataFrame, all_runs: pd.DataFrame) -> str:
    """The rows of a table that runs belong to; how many of a row's runs, where they are not all of them."""
    here, whole = (found["optimizer"].value_counts(sort=False) for found in (runs, all_runs))
    return "; ".join(
        (f"{here[name]} of {whole[name]} runs of " if here[name] < whole[name] else "") + optimizer_name(name)
        for name in here.index
    )
