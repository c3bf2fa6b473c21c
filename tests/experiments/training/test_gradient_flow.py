"""Every parameter that is meant to train gets a gradient, in every task, model and protocol."""

import pytest
import torch

from experiments.config.compose import compose, overrides_of
from experiments.config.paths import CONFIGS
from experiments.grid.grid import load_grid
from experiments.runs.run import build_task

GRIDS = [load_grid(path.stem) for path in sorted((CONFIGS / "grid").glob("*.yaml"))]
CELLS = {
    (cell.setting, cell.model, protocol): cell
    for grid in GRIDS
    if "quick" in grid.scales
    for protocol in ("paper", "clean")
    for cell in grid.cells("quick", protocol)
    if cell.optimizer == "adam"
}


@pytest.mark.parametrize("cell", CELLS.values(), ids=str)
def test_no_parameter_that_is_meant_to_train_is_left_without_a_gradient(cell):
    task = build_task(compose(overrides_of(cell)), "cpu")
    reached = {name: set() for name in task.players}
    trained = {
        name: {n for n, p in player.module.named_parameters() if p.requires_grad}
        for name, player in task.players.items()
    }
    optimized = {
        name: {id(p) for group in player.optimizer.param_groups for p in group["params"]}
        for name, player in task.players.items()
    }
    for index, batch in zip(range(5), task.batches(0)):  # a GAN's generator steps at one in five
        for step in task.optimizer_steps(batch, index):
            name = next(key for key, player in task.players.items() if player is step.player)
            step.player.module.zero_grad()
            step.loss()[0].backward()
            reached[name] |= {
                n for n, p in step.player.module.named_parameters() if p.grad is not None and p.grad.any()
            }
    assert {name: trained[name] - reached[name] for name in trained} == blind(task) and all(trained.values())
    for name, player in task.players.items():
        assert {id(p) for p in player.module.parameters() if p.requires_grad} == optimized[name]


def blind(task):
    """What a loss cannot see: a constant added to the scores of a Wasserstein critic."""
    found = {name: set() for name in task.players}
    if getattr(task, "loss", None) == "wasserstein" and isinstance(task.critic.layers[-1], torch.nn.Linear):
        found["critic"] = {f"layers.{len(task.critic.layers) - 1}.bias"}
    return found
