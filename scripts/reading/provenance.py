"""How runs were made, in words: settings, machines, versions, and where a row's seeds differ in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from experiments.record import Record
from scripts.reading.names import optimizer_name


def origin(records: Sequence[Record]) -> str | None:
    """Says so where a row's seeds come from several machines or commits."""
    summaries = [r.summary or {} for r in records]
    machines = [machine(r) for r in records]
    commits = [str(s.get("commit"))[:10] for s in summaries]
    texts = []
    for plural, values in (("machines", machines), ("commits", commits)):
        found = list(dict.fromkeys(values))
        if len(found) > 1:
            texts.append(f"{len(found)} {plural} ({'; '.join(found)})")
    return f"seeds come from {' and '.join(texts)}" if texts else None


def made_with(records: Sequence[Record]) -> str:
    """Settings and machines of all of a block's records: "Made with: ..."."""
    return f"Made with: {settings(records)}; {machines(records)}"


def settings(records: Sequence[Record]) -> str:
    """Width, pixels, epochs, threads, precision, and whether the model was compiled; "/" between differing values."""

    def values(found: Iterable[Any]) -> str:
        return "/".join(dict.fromkeys(str(value) for value in found if value is not None)) or "?"

    def config(*path: str) -> str:
        return values(deep(r.config, path) for r in records)

    compiled = ", compiled" if any(r.config.get("compile") for r in records) else ""
    pixels = f"{config('data', 'pixels')} px, " if any("pixels" in r.config["data"] for r in records) else ""
    partial = [r for r in records if r.status == "partial"]
    reached = [str(n) for n in sorted({r.epochs_done for r in partial})] + ["all"] * (0 < len(partial) < len(records))
    first = f"the first {' or '.join(reached)} of ".replace("first 1 of", "first of") if partial else ""
    width = f"width {config('model', 'width')}, " if any("width" in r.config["model"] for r in records) else ""
    threads = values((r.summary or {}).get("threads") for r in records)
    return (
        f"{width}{pixels}{first}{config('epochs')} epochs, {threads} {'thread' if threads == '1' else 'threads'}, "
        f"{config('precision')}{compiled}"
    )


def machines(records: Sequence[Record]) -> str:
    """Processor or GPU and torch, the commonest first; of the others, whose runs they are."""
    found: dict[str, list[Record]] = {}
    for record in records:
        torch = str(((record.summary or {}).get("versions") or {}).get("torch", "?"))
        found.setdefault(f"{machine(record)}, torch {torch.partition('+')[0]}", []).append(record)
    first, *others = sorted(found, key=lambda where: -len(found[where]))
    return "; ".join([f"on {first}", *(f"on {where} ({whose(found[where], records)})" for where in others)])


def whose(records: Sequence[Record], all_records: Sequence[Record]) -> str:
    """The rows that records belong to; how many of a row's runs, where they are not all of them."""
    texts = []
    for optimizer in dict.fromkeys(record.cell.optimizer for record in records):
        here, row = ([r for r in found if r.cell.optimizer == optimizer] for found in (records, all_records))
        some = f"{len(here)} of {len(row)} runs of " if len(here) < len(row) else ""
        texts.append(f"{some}{optimizer_name(optimizer)}")
    return "; ".join(texts)


def machine(record: Record) -> str:
    """The processor, or the GPU where it was one."""
    summary = record.summary or {}
    return str(summary.get("machine" if summary.get("device", "cpu") == "cpu" else "device", "an unnamed machine"))[:80]


def deep(config: Mapping[str, Any], path: Sequence[str]) -> Any:
    value: Any = config
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value
