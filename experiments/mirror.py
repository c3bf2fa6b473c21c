"""The W&B mirror of a run: config, curves and summary, with group = cell and name = seed. Nothing reads from it, and
whatever goes wrong in W&B costs a run seconds and one line, never its result."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import Any

from experiments.record import NoMirror


class WandbMirror(NoMirror):
    """mode: online, offline or disabled; None takes WANDB_MODE, else online if the user is logged in, else offline.

    A run has a fixed id made from its path and fingerprint, so that a resumed one continues. Offline, where W&B cannot
    resume, it is replayed from its `metrics.jsonl`: all offline parts of a run carry the same id and sync into one.
    """

    def __init__(self, project: str, entity: str | None = None, mode: str | None = None, timeout: float = 10) -> None:
        self.project, self.entity, self.timeout = project, entity, timeout
        self.mode: Any = mode
        self.run: Any = None

    def start(self, summary: dict[str, Any], config: dict[str, Any], lines: Iterable[dict[str, Any]]) -> None:
        cell = summary["cell"]
        group = "/".join([cell["data"], cell["model"], cell["optimizer"], f"{cell['protocol']}-{cell['scale']}"])
        identity = sha256(f"{summary['path']}/{summary['fingerprint']}".encode()).hexdigest()[:16]

        def begin() -> None:
            import wandb

            self.mode = self.mode or default_mode()
            settings = wandb.Settings(init_timeout=self.timeout, console="off", silent=True)
            self.run = wandb.init(
                project=self.project, entity=self.entity, mode=self.mode, id=identity,
                resume="allow", group=group, name=f"seed {summary['seed']}", config=config, settings=settings,
                dir=os.environ.get("WANDB_DIR", config.get("store")),
            )  # fmt: skip
            for line in lines:
                if line["epoch"] >= self.run.step:  # those before are there already
                    log(self.run, line)

        self.guarded("start", begin)

    def epoch(self, line: dict[str, Any]) -> None:
        if self.run is not None:
            self.guarded("log", lambda: log(self.run, line))

    def finish(self, summary: dict[str, Any] | None) -> None:
        if self.run is None:
            return

        def end() -> None:
            if summary:
                scores = {f"scores/{key}": value for key, value in summary["scores"].items()}
                self.run.summary.update({**scores, "status": summary["status"], "fingerprint": summary["fingerprint"]})
            self.run.finish()

        self.guarded("finish", end)
        self.run = None

    def guarded(self, what: str, call: Callable[[], None]) -> None:
        """Call with a time limit; an error or a late answer becomes one line and ends the mirroring of this run."""
        problem: list[str] = []

        def work() -> None:
            try:
                call()
            except BaseException as error:
                problem.append(f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}")

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        thread.join(self.timeout + 2)
        if thread.is_alive():
            problem.append(f"no answer within {self.timeout:.0f} s")
        if problem:
            print(f"W&B could not {what} ({problem[0]}); the run goes on, its record is complete without it")
            self.run = None


def log(run: Any, line: dict[str, Any]) -> None:
    run.log({key: value for key, value in line.items() if key != "epoch"}, step=line["epoch"])


def default_mode() -> str:
    """What the user set, else online where a key is found, else offline."""
    import wandb

    if os.environ.get("WANDB_MODE"):
        return os.environ["WANDB_MODE"]
    return "online" if wandb.login(prompt=False, verify=False) else "offline"
