"""Every test runs on one thread: the suite's small models gain nothing from more, and tests share their machine. What
a run set for its process is undone."""

import pytest
import torch

from experiments.config.compose import compose
from experiments.runs.run import run
from experiments.store.run_files import run_path


def pytest_collection_modifyitems(items):
    for item in items:
        if item.get_closest_marker("gpu") and not torch.cuda.is_available():
            item.add_marker(pytest.mark.skip(reason="needs a CUDA device"))


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)
    torch.set_flush_denormal(False)  # a run takes tiny numbers for zero


class Store:
    """A store in a temporary folder, and tiny real runs in it (VGG11 at width 1/16 on the embedded digits)."""

    def __init__(self, path):
        self.path = path

    def request(self, *words):
        tiny = ["data=digits", "scale=quick", "optimizer=adam", "model.width=0.0625", "epochs=3", "threads=1"]
        given = {w.partition("=")[0] for w in words}
        kept = [w for w in tiny if w.partition("=")[0] not in given]
        return compose([*kept, f"store={self.path}", "progress=none", "checkpoint_seconds=0", *words])

    def run(self, *words):
        request = self.request(*words)
        return run(request), self.path / run_path(request)


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "runs")
