"""How far a request is: whether some record answers it, and what stands of it in a store."""

from __future__ import annotations

from pathlib import Path

from experiments.config.compose import Request
from experiments.config.fingerprint import fingerprint
from experiments.store.lock import is_locked
from experiments.store.run_files import Record, read_record, run_path


def finished_record(request: Request, *roots: Path) -> Record | None:
    """The run that answers a request as it now stands, in the first root that has it."""
    for root in roots:
        record = read_record(root, run_path(request))
        if record and record.answers(request.epochs) and is_same_run(record, request):
            return record
    return None


def is_same_run(record: Record, request: Request) -> bool:
    """Whether a record was made with the request's configuration (on whatever copy of the data it found)."""
    return fingerprint(record.config) == request.with_content(record.config["content"]).fingerprint


def run_status(request: Request, store: Path) -> str:
    """One word: done, running, failed, partial (begun), unscored, stale (another configuration's) or missing."""
    if finished_record(request, store):
        return "done"
    if is_locked(store, run_path(request)):
        return "running"
    folder = store / run_path(request)
    if (folder / "failure.txt").is_file():
        return "failed"
    record = read_record(store, run_path(request))
    if record is None:
        return "missing"
    if not is_same_run(record, request):
        return "stale"
    return "unscored" if record.summary and record.summary.get("unscored") else "partial"
