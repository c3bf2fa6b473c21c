"""The W&B logger of a run: config, curves and summary, with group = cell and name = seed. Nothing reads from it, and
whatever goes wrong in W&B costs a run seconds and one line, never its result."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from hashlib import sha256
from pathlib import Path
from queue import Empty, Queue
from typing import Any

from experiments.runs.loggers.base import Logger

GRACE = 2.0  # seconds that W&B may be late by when it minds its time limit itself


class WandbLogger(Logger):
    """mode: online, offline or disabled; None takes WANDB_MODE, else online if the user is logged in, else offline.

    A run has a fixed id made from its path and fingerprint, so that a resumed one continues. Offline, where W&B cannot
    resume, it is replayed from its `metrics.jsonl`: all offline parts of a run carry the same id and sync into one.
    """

    def __init__(self, project: str, entity: str | None = None, mode: str | None = None, timeout: float = 10) -> None:
        self.project, self.entity, self.mode, self.timeout = project, entity, mode, timeout
        self.run: Any = None

    def start(self, identity: dict[str, Any], config: dict[str, Any], lines: Iterable[dict[str, Any]]) -> None:
        cell = identity["cell"]
        group = "/".join([cell["data"], cell["model"], cell["optimizer"], f"{cell['protocol']}-{cell['scale']}"])
        run_id = sha256(f"{identity['path']}/{identity['fingerprint']}".encode()).hexdigest()[:16]

        def begin() -> Any:
            wandb = quiet_wandb()
            mode: Any = self.mode or default_mode()
            settings = wandb.Settings(
                init_timeout=self.timeout, finish_timeout=self.timeout, finish_timeout_raises=True,
                reinit="create_new",  # else a run that failed in this process would get this one's curves
                console="off", silent=True,
            )  # fmt: skip
            run = wandb.init(
                project=self.project, entity=self.entity, mode=mode, id=run_id,
                resume="allow", group=group, name=f"seed {identity['seed']}", config=config, settings=settings,
                dir=os.environ.get("WANDB_DIR", config.get("store")),
            )  # fmt: skip
            for line in lines:
                if line["epoch"] >= run.step:  # those before are there already
                    send_line(run, line)
            return run

        self.run = self.call_guarded("start", begin)

    def log_epoch(self, line: dict[str, Any]) -> None:
        if self.run is not None:
            self.call_guarded("log", lambda: send_line(self.run, line))

    def log_image(self, epoch: int, name: str, path: Path) -> None:
        if self.run is not None:
            self.call_guarded("log", lambda: self.run.log({name: quiet_wandb().Image(str(path))}, step=epoch))

    def finish(self, summary: dict[str, Any] | None) -> None:
        run, self.run = self.run, None
        if run is None:
            return

        def end() -> None:
            if summary:
                scores = {f"scores/{key}": value for key, value in summary["scores"].items()}
                run.summary.update({**scores, "status": summary["status"], "fingerprint": summary["fingerprint"]})
            run.finish()

        self.call_guarded("finish", end)

    def call_guarded(self, what: str, call: Callable[[], Any]) -> Any:
        """Call with a time limit; an error or a late answer becomes one line and ends the logging of this run."""
        answer: Queue[tuple[Any, str]] = Queue()
        limit = self.timeout + GRACE

        def work() -> None:
            try:
                answer.put((call(), ""))
            except BaseException as error:
                answer.put((None, f"{type(error).__name__}: {error}".splitlines()[0]))

        threading.Thread(target=work, daemon=True).start()
        try:
            result, problem = answer.get(timeout=limit)
        except Empty:
            result, problem = None, f"no answer within {limit:g} s"
        if problem:
            print(f"W&B could not {what} ({problem}); the run goes on, its record is complete without it")
            self.run = None
        return result


def send_line(run: Any, line: dict[str, Any]) -> None:
    run.log({key: value for key, value in line.items() if key != "epoch"}, step=line["epoch"])


def default_mode() -> str:
    """What the user set, else online where a key is found, else offline."""
    if os.environ.get("WANDB_MODE"):
        return os.environ["WANDB_MODE"]
    return "online" if quiet_wandb().login(prompt=False, verify=False) else "offline"


def quiet_wandb() -> Any:
    """The wandb module, told to print nothing; else its login asks the server for the user's name, to greet him."""
    os.environ.setdefault("WANDB_ERROR_REPORTING", "false")  # holds the process up at its end if the server hangs
    import wandb

    wandb.setup(wandb.Settings(silent=True))
    return wandb
