"""`tuned_<task>.*`: every optimizer as its recipe, its own defaults and an equal number of trials have it."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Any

from experiments.cell import Cell
from scripts.reading.names import data_name, model_name, optimizer_name
from scripts.reading.provenance import made_with, origin
from scripts.reading.statistic import estimate
from scripts.reading.studies import CONFIDENCE, Result, families
from scripts.tabulating.layout import DASH, Block, Footnotes, Table, interval, number, spread
from scripts.tabulating.raw import entry, plain

COLUMNS = [
    "optimizer", "trials", "pruned", "best trial", "recipe", "own defaults", "tuned", "n", "tuned - recipe",
    "steps to target", "s to target",
]  # fmt: skip
TITLES = {"cifar": "Image classification", "lstm": "Language modelling"}
HEAD = (
    "{words} at the epoch that held-out data chose, mean ± sd over n fresh seeds, none of them a tuning seed. recipe: "
    "the setting's row (the paper's values where it states some); own defaults: the class's; tuned: the best of the "
    "trials, of which every optimizer gets the same number. best trial: its held-out value. tuned - recipe: paired by "
    "seed, better is positive, with its 95 % interval (t). Trials are of our own runs only and never stand beside the "
    "paper's numbers."
)


def tuned_tables(results: Sequence[Result]) -> list[Table]:
    """One table per task, one block per data set, model and scale."""
    tables = []
    for task in dict.fromkeys(result.study.task for result in results):
        mine = [result for result in results if result.study.task == task and result.at_end]
        if mine:
            tables.append(tuned_table(task, mine))
    return tables


def tuned_table(task: str, results: Sequence[Result]) -> Table:
    table = Table(f"tuned_{task}", f"{TITLES.get(task, task)}: optimizers tuned with equal budgets", [])
    table.head = [HEAD.format(**vars(results[0].measure))]
    marks = Footnotes()
    for family in families(results):
        rows = [row(result, marks) for result in family]
        table.blocks.append(
            Block(title(family[0]), COLUMNS, rows, [*trials_and_runs(family), *values(family), finding(family)])
        )
        table.values += [value for result in family for value in raw(result)]
    table.notes = marks.notes()
    trials = sum(len(result.at_end) for result in results)
    table.summary = f"tuned: {trials} finished trials of {len(results)} studies"
    return table


def title(result: Result) -> str:
    s = result.study
    return f"{model_name(s.model)} on {data_name(s.data)}, {s.scale} scale, {s.protocol} protocol"


def row(result: Result, marks: Footnotes) -> list[str]:
    reached = result.reached("tuned")
    steps = estimate([r.steps for r in reached if r.steps is not None])
    runs = result.records.get("tuned", [])
    short = f" ({len(reached)} of {len(runs)})" if runs and len(reached) < len(runs) else ""
    seconds = estimate([r.seconds for r in reached])
    missed = f"not reached{short}" if runs and result.study.target is not None else DASH
    best = result.winner.outcome.value if result.winner and result.winner.outcome else None
    count = str(len(result.scores("tuned"))) if runs else DASH
    if text := origin([record for records in result.records.values() for record in records]):
        count += f" [{marks.mark(text, text[0].upper() + text[1:] + '.')}]"
    return [
        optimizer_name(result.study.optimizer), f"{len(result.at_end)} of {result.study.slots}",
        str(result.count("pruned")), number(best), *(cell(result, kind) for kind in ("recipe", "defaults", "tuned")),
        count, interval(result.gain("recipe")), number(steps.mean if steps else None, 0) + (short if steps else ""),
        number(seconds.mean if seconds else None, 0) if reached else missed,
    ]  # fmt: skip


def cell(result: Result, kind: str) -> str:
    diverged = result.diverged(kind)
    also = f" (+ {diverged} diverged)" if diverged else ""
    e = result.estimate(kind)
    return f"{spread(e)}{also}" if e else ("diverged" if diverged else DASH)


def trials_and_runs(family: Sequence[Result]) -> list[str]:
    s = family[0].study
    records = [record for result in family for runs in result.records.values() for record in runs]
    words = f" Overridden in all runs: {' '.join(s.words)}." if s.words else ""
    target = f" Target: {s.select} {s.target:g}." if s.target is not None else ""
    seeds = ", ".join(map(str, s.trial_seeds))
    trials = f"Trials: {s.sampler.replace('_', '-')} points, pruned by {s.pruner}, seed {seeds}.{words}{target}"
    if len({len(result.at_end) for result in family}) > 1:
        trials += " The optimizers do not have the same number of trials."
    return [trials] + ([f"{made_with(records)}."] if records else [])


def values(family: Sequence[Result]) -> list[str]:
    """What was searched and what was found."""
    notes = []
    for result in family:
        ranges = ", ".join(f"{d.key} {d.low:g}{DASH}{d.high:g}" for d in result.study.space.dimensions)
        if result.study.sampler == "grid":
            ranges = f"a grid of {result.study.slots}"
        found = (
            ", ".join(f"{key} = {value:g}" for key, value in result.winner.values.items()) if result.winner else "none"
        )
        notes.append(f"{optimizer_name(result.study.optimizer)}: searched {ranges}; best: {found}.")
    return notes


def finding(family: Sequence[Result]) -> str:
    """What the trials say in two sentences, with n and the band."""
    done = [(result, e) for result in family if (e := result.estimate("tuned"))]
    curves = {id(result): curve for result in family if (curve := result.curve())}
    if not done or not all(id(result) in curves for result, _ in done):
        return "No optimizer has its runs with fresh seeds yet."
    sign = done[0][0].study.sign
    ranked = sorted(done, key=lambda pair: -sign * pair[1].mean)
    order = ", ".join(f"{optimizer_name(r.study.optimizer)} {spread(e)}" for r, e in ranked)
    gains = [(optimizer_name(r.study.optimizer), g) for r, _ in done if (g := r.gain("recipe"))]
    most = max(gains, key=lambda pair: pair[1].mean, default=None)
    gained = f"; over the recipe tuning gained most for {most[0]}, {interval(most[1])}" if most else ""
    if most and most[1].mean <= 0:
        gained = "; tuning gained nothing over any recipe"
    bands = [(optimizer_name(r.study.optimizer), curves[id(r)].low[-1], curves[id(r)].high[-1]) for r, _ in ranked]
    shown = ", ".join(
        f"{name} {low:.1f}{DASH}{f'{high:.1f}' if isfinite(high) else 'any'}" for name, low, high in bands
    )
    apart = [f"{a[0]} from {b[0]}" for i, a in enumerate(bands) for b in bands[i + 1 :] if a[1] > b[2] or b[1] > a[2]]
    said = f"tell only {', '.join(apart)}" if apart else "tell none of them apart"
    n = min(len(result.at_end) for result, _ in done)
    seeds = DASH.join(map(str, sorted({min(e.n for _, e in done), max(e.n for _, e in done)})))
    return (
        f"Tuned, in this order: {order} (n = {seeds}){gained}. The {CONFIDENCE:.0%} bands of the median best "
        f"held-out value after all trials ({shown}; {n} trials each, without assumptions on their distribution) {said}."
    )


def raw(result: Result) -> list[dict[str, Any]]:
    s = result.study
    place = Cell(s.setting, s.data, s.model, s.optimizer, s.protocol, s.scale)
    rows = [
        entry(place, "ours", f"test at the chosen epoch, {kind}", e)
        for kind in result.records
        if (e := result.estimate(kind))
    ]
    for trial in result.at_end:
        assert trial.outcome
        note = f"{trial.outcome.status}: " + ", ".join(f"{key}={value:g}" for key, value in trial.values.items())
        rows.append(plain(place, "trial", f"{s.select}, slot {trial.slot}", trial.outcome.value, note=note))
    return rows
