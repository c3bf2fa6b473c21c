"""What the grid of Adam's collapse is made of: short epochs, another draw of dropout, the spread of the logits."""

import json

import pytest
import torch
from omegaconf import OmegaConf
from torch import nn

from experiments.config.compose import expected
from experiments.config.fingerprint import fingerprint
from experiments.config.paths import CONFIGS
from experiments.grid.grid import load_grid
from experiments.tasks.classification import Classification


def lines(folder):
    return [json.loads(text) for text in (folder / "metrics.jsonl").read_text().splitlines()]


def test_an_epoch_may_be_cut_to_its_first_batches(store):
    _, folder = store.run("epochs=2", "batches_per_epoch=3")
    times = [json.loads(text) for text in (folder / "times.jsonl").read_text().splitlines()]
    assert [line["steps"] for line in times] == [3, 3]


def test_another_draw_of_dropout_changes_nothing_before_the_first_step(store):
    """The same weights and images: without dropout the placebo is the same run to the bit."""
    runs = {
        (dropout, stream): lines(store.run("epochs=1", f"model.dropout={dropout}", *stream)[1])
        for dropout in (0.0, 0.5)
        for stream in ((), ("dropout_stream=placebo",))
    }
    assert runs[0.0, ()] == runs[0.0, ("dropout_stream=placebo",)]
    assert runs[0.5, ()] != runs[0.5, ("dropout_stream=placebo",)]


def test_logit_sd_is_that_of_the_logits_over_the_splits_images():
    class Fixed(nn.Module):
        def __init__(self, table):
            super().__init__()
            self.w, self.table = nn.Parameter(torch.zeros(1)), table

        def forward(self, images):
            return self.table[images.flatten().long()]

    table = torch.tensor([[1.0, 5.0], [3.0, 5.0], [8.0, 5.0]])
    task = Classification.__new__(Classification)
    task.logit_sd, task.norm_batches = True, None
    batches = [(torch.tensor([0, 1]), torch.tensor([0, 1])), (torch.tensor([2]), torch.tensor([1]))]
    task.splits = {"test": batches}
    task.player = type("P", (), {"module": Fixed(table)})()
    assert task.evaluate("test").scores["logit_sd"] == pytest.approx(float(table.double().std(0).mean()))
    task.logit_sd = False
    assert "logit_sd" not in task.evaluate("test").scores


def test_logging_the_spread_does_not_make_another_run():
    cell = load_grid("adam_collapse").cells("full")[0]
    config = expected(cell).config
    logged = {**config, "task": {**config["task"], "logit_sd": True}}
    assert fingerprint(config) == fingerprint(logged)


def test_the_three_arms_are_three_cells():
    cells = load_grid("adam_collapse").cells("full")
    assert len({expected(cell).fingerprint for cell in cells}) == 3
    assert all(expected(cell).cell == cell for cell in cells)


def test_every_margin_names_what_it_is_a_margin_of():
    margins = OmegaConf.to_container(OmegaConf.load(CONFIGS / "margins.yaml"))
    assert set(margins) == {"between_optimizers", "reproduction", "execution"}
    for tasks in margins.values():
        for task, scales in tasks.items():
            assert (CONFIGS / "task" / f"{task}.yaml").is_file()
            for scale, data in scales.items():
                assert (CONFIGS / "scale" / task / f"{scale}.yaml").is_file()
                for name, entry in data.items():
                    assert (CONFIGS / "data" / f"{name}.yaml").is_file()
                    assert set(entry) == {"metric", "margin", "reason"} and entry["margin"] > 0 and entry["reason"]
