"""Hydra's answers, remembered on disk.

Composing a configuration takes Hydra a tenth of a second, and looking at results asks for hundreds. An answer depends
on the overrides and on what `state_of_inputs` hashes, so it is kept under both and can never be stale. The file can be
deleted at any time.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import sys
from collections.abc import Container, Iterable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from copy import deepcopy
from functools import lru_cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

from experiments.config.cli import end_when_told
from experiments.config.paths import CONFIGS, ROOT
from experiments.config.recipes import register, register_tuned, tuned_files, tuned_roots

CACHE = ROOT / "results" / "local" / "cache"
CODE = Path(__file__).parent  # how configurations are made of these inputs
KEPT = 4  # files, each of one state of the inputs
WORTH_A_POOL = 8  # answers: fewer are composed faster than processes are started
ENVIRONMENT = re.compile(r"\$\{oc\.env:(\w+)")
Answer = tuple[dict[str, Any], dict[str, str]]


def resolved(overrides: tuple[str, ...], complete: bool = True) -> Answer:
    """The configuration that Hydra composes from overrides, without interpolations, and its choices by group. Values
    that are still missing raise, or stay "???" if it need not be `complete`."""
    if any(map(depends_on_the_moment, overrides)):
        return ask_hydra(overrides, complete)
    state = state_of_inputs()
    known = remembered(state)
    key = key_in(known, overrides, complete)
    if key not in known:
        known[key] = ask_hydra(overrides, complete)
        remember(state, key, known[key])
    values, choices = known[key]
    return deepcopy(values), dict(choices)


def depends_on_the_moment(override: str) -> bool:
    """Whether an override reads the environment, the clock or the like; the suite's own interpolations do not."""
    return "${" in override and not override.startswith("recipe=tuned/")


def resolve_ahead(questions: Iterable[tuple[tuple[str, ...], bool]]) -> None:
    """Have the answers to many `(overrides, complete)` ready: those that are not known yet are composed on all cores.

    What cannot be composed is passed over: whoever asks for it gets the exception. A process that has imported torch
    composes nothing ahead, since its threads do not survive a fork.
    """
    state = state_of_inputs()
    known = remembered(state)
    asked = dict.fromkeys(q for q in questions if not any(map(depends_on_the_moment, q[0])))
    todo = [q for q in asked if key_in(known, *q) not in known and (q[1] or (q[0], True) not in asked)]
    if len(todo) < WORTH_A_POOL or "torch" in sys.modules or not hasattr(os, "fork"):
        return
    prepare_hydra(tuned_content())
    context, workers = multiprocessing.get_context("fork"), min(len(todo), len(os.sched_getaffinity(0)))
    with suppress(BrokenProcessPool), ProcessPoolExecutor(workers, context, initializer=end_when_told) as pool:
        for question, answer in zip(todo, pool.map(ask_or_none, todo, chunksize=4)):
            if answer is not None:
                key = json.dumps(question)
                known[key] = answer
                remember(state, key, answer)


def key_in(known: Container[str], overrides: tuple[str, ...], complete: bool) -> str:
    """The key of a question. A configuration that is known to be complete answers for an incomplete one too."""
    whole = json.dumps([overrides, True])
    return whole if complete or whole in known else json.dumps([overrides, False])


def ask_or_none(question: tuple[tuple[str, ...], bool]) -> Answer | None:
    """Hydra's answer, or None where it raises."""
    with suppress(Exception):
        return ask_hydra(*question)
    return None


def ask_hydra(overrides: tuple[str, ...], complete: bool) -> Answer:
    """What Hydra makes of the overrides now."""
    import hydra
    from hydra.core.global_hydra import GlobalHydra
    from hydra.core.hydra_config import HydraConfig
    from omegaconf import OmegaConf

    prepare_hydra(tuned_content())
    outer, GlobalHydra.instance().hydra = GlobalHydra.instance().hydra, None  # inside of a job of hydra.main too
    try:
        with hydra.initialize_config_dir(str(CONFIGS), version_base="1.3"):
            full = hydra.compose("train", list(overrides), return_hydra_config=True)
    finally:
        GlobalHydra.instance().hydra = outer
    HydraConfig.instance().set_config(full)  # what ${hydra:...} reads
    choices = dict(full.hydra.runtime.choices)
    full = OmegaConf.masked_copy(full, [str(key) for key in full if key != "hydra"])
    values: Any = OmegaConf.to_container(full, resolve=True, throw_on_missing=complete)
    return values, choices


@lru_cache(maxsize=1)
def prepare_hydra(tuned: str) -> None:
    """Offer Hydra the recipe tables and the suite's resolver, again whenever the tuned rows have changed. Raises
    UserError for a table that is not well-formed."""
    from omegaconf import OmegaConf

    register()
    register_tuned(tuned_roots())
    OmegaConf.register_new_resolver("quarter", lambda n: max(1, int(n) // 4), replace=True)


def state_of_inputs() -> str:
    """A hash of everything that an answer depends on besides the overrides: the content of configs/ and of this package
    as they are when the process first asks, the tuned recipes and the environment variables that a configuration reads
    as they are now, Hydra's and OmegaConf's versions."""
    files, variables = configuration_files()
    values = [os.environ.get(name) for name in variables]
    return sha256(json.dumps([files, tuned_content(), values]).encode()).hexdigest()[:32]


@lru_cache(maxsize=1)
def configuration_files() -> tuple[str, tuple[str, ...]]:
    """A hash of the files that answers are made of and of the versions of what makes them, and the names of the
    environment variables that the files read."""
    digest, variables = sha256(), {"STORE"}
    for path in [*sorted(CONFIGS.rglob("*.yaml")), *sorted(CODE.glob("*.py"))]:
        content = path.read_bytes()
        variables |= set(ENVIRONMENT.findall(content.decode(errors="replace")))
        digest.update(f"{path.relative_to(ROOT)}\0{len(content)}\0".encode() + content)
    versions = [version(package) for package in ("hydra-core", "omegaconf")]
    digest.update(json.dumps(versions).encode())
    return digest.hexdigest(), tuple(sorted(variables))


def tuned_content() -> str:
    """A hash of the tuned recipes at hand."""
    digest = sha256()
    for path in tuned_files(tuned_roots()):
        content = path.read_bytes()
        digest.update(f"{path}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


@lru_cache(maxsize=2)
def remembered(state: str) -> dict[str, Answer]:
    """The answers on disk for a state of the inputs; a line that a kill cut off is left out."""
    found: dict[str, Answer] = {}
    try:
        lines = cache_file(state).read_bytes().splitlines()
    except OSError:
        return found
    for line in lines:
        try:
            key, values, choices = json.loads(line)
        except (ValueError, TypeError):
            continue
        if isinstance(values, dict) and isinstance(choices, dict):
            found[key] = (values, choices)
    return found


def remember(state: str, key: str, answer: Answer) -> None:
    """Add an answer to the file, where it can be written, says the same when read again, and is of the files that the
    state was taken of: somebody may have edited one while this process ran."""
    line = json.dumps([key, *answer])
    if json.loads(line)[1:] != [answer[0], answer[1]] or configuration_files.__wrapped__() != configuration_files():
        return
    path = cache_file(state)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            forget_old_states(path.parent)
        with path.open("ab", buffering=0) as file:  # one write of the system: several processes may add at once
            file.write(f"{line}\n".encode())
    except OSError:
        return  # composed again next time


def forget_old_states(folder: Path) -> None:
    """Make room for one more file by removing the oldest."""
    files = sorted(folder.glob("configurations-*.jsonl"), key=lambda path: path.stat().st_mtime)
    for path in files[: max(0, len(files) - KEPT + 1)]:
        path.unlink(missing_ok=True)


def cache_file(state: str) -> Path:
    return CACHE / f"configurations-{state}.jsonl"
