"""Optimizers that the suite does not know, by import path: torch's, packages', those with closures or two modes."""

import copy

import pytest
import torch

from experiments.config.compose import compose, expected
from experiments.config.errors import UserError
from experiments.runs.run import build_task
from experiments.store.run_files import read_lines
from experiments.training.loop import evaluating, optimizer_step
from experiments.training.task import OptimizerStep, Player

TINY = [
    "data=digits",
    "scale=quick",
    "model.width=0.0625",
    "epochs=2",
    "threads=1",
    "progress=none",
    "schedule=constant",
]
DENSE = [
    "ASGD",
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "NAdam",
    "RAdam",
    "RMSprop",
    "Rprop",
    "SGD",
]


def external(target, *words):
    return ["optimizer=external", f"optimizer._target_={target}", "optimizer.lr=1e-3", *words]


SCHEDULE_FREE = external("schedulefree.AdamWScheduleFree", "schedule=constant", "norm_batches=3")
SAM = external(
    "pytorch_optimizer.SAM", "closure=after_backward", "+optimizer.base_optimizer._target_=hydra.utils.get_class",
    "+optimizer.base_optimizer.path=torch.optim.SGD", "+optimizer.rho=0.05",
)  # fmt: skip
CASES = {
    **{name: external(f"torch.optim.{name}") for name in DENSE},
    "LBFGS": external("torch.optim.LBFGS", "closure=only", "+optimizer.max_iter=3"),
    "Muon": external("optimizers.MuonAndRest"),
    "pytorch_optimizer.Lion": external("pytorch_optimizer.Lion"),
    "pytorch_optimizer.SAM": SAM,
    "schedulefree.AdamWScheduleFree": SCHEDULE_FREE,
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", CASES)
def test_trains_and_resumes_to_the_same_bits(case, store, tmp_path):
    module = CASES[case][1].partition("=")[2].partition(".")[0]
    pytest.importorskip(module)
    words = [*CASES[case], "epochs=2"]
    status, straight = store.run(*words)
    assert status == "complete"
    store.run(*words, "max_seconds=0", f"store={tmp_path / 'cut'}")
    again, _ = store.run(*words, f"store={tmp_path / 'cut'}")
    (resumed,) = (tmp_path / "cut").rglob("metrics.jsonl")
    assert again == "complete" and read_lines(resumed) == read_lines(straight / "metrics.jsonl")
    losses = [line["train/loss"] for line in read_lines(straight / "metrics.jsonl")]
    assert losses[1] < losses[0] or case in ("Adadelta", "SGD", "ASGD")  # 1e-3 is next to nothing for these


def test_a_cell_is_named_by_the_optimizer_s_path_and_found_again():
    request = compose([*TINY, *SCHEDULE_FREE])
    assert request.cell.optimizer.split(",")[0] == "external"
    told = {"_target_=schedulefree.AdamWScheduleFree", "lr=0.001", "norm_batches=3", "schedule=constant"}
    assert told <= set(request.cell.optimizer.split(","))
    assert expected(request.cell).fingerprint == compose([w for w in request.overrides if w != "threads=1"]).fingerprint


def task_of(*words):
    request = compose([*TINY, *words])
    return build_task(request, "cpu")


def test_schedule_free_wants_batch_norm_statistics_of_its_own():
    pytest.importorskip("schedulefree")
    with pytest.raises(UserError, match=r"evaluates other weights than it trains.*give norm_batches=50"):
        task_of(*SCHEDULE_FREE[:-1], "model=resnet34")


def test_statistics_are_taken_again_on_a_copy_and_training_is_untouched():
    pytest.importorskip("schedulefree")
    task = task_of(*SCHEDULE_FREE, "model=resnet34")
    task.player.module.train()
    task.player.optimizer.train()
    for index, batch in zip(range(5), task.batches(0)):
        for step in task.optimizer_steps(batch, index):
            optimizer_step(step, "fp32")
    before = copy.deepcopy(task.player.module.state_dict())
    with evaluating(task.players):
        averaged = {name: p.detach().clone() for name, p in task.player.module.named_parameters()}
        accuracy = task.evaluate("test").scores["accuracy"]
        scored = task.scored
    buffers = dict(task.player.module.named_buffers())
    assert buffers and all(torch.equal(before[name], buffer) for name, buffer in buffers.items())
    for name, p in task.player.module.named_parameters():  # the optimizer goes back to them by arithmetic
        torch.testing.assert_close(p.detach(), before[name], rtol=1e-4, atol=1e-5)
    assert all(torch.equal(p, averaged[name]) for name, p in scored.named_parameters())
    assert any(not torch.equal(p, before[name]) for name, p in averaged.items())
    mean = scored.state_dict()["bn.running_mean"]
    images = torch.cat([x for x, _ in list(task.batches(0))[:3]])
    sizes = {len(x) for x, _ in list(task.batches(0))[:3]}
    assert len(sizes) == 1  # then the mean over batches is the mean over images
    torch.testing.assert_close(mean, scored.conv(images).mean((0, 2, 3)), rtol=1e-4, atol=1e-5)
    assert 0 <= accuracy <= 100


def quadratic(closure, make):
    """A module with one matrix, a step on a fixed quadratic loss, and how often the loss was asked for."""
    module = torch.nn.Linear(3, 2, bias=False)
    with torch.no_grad():
        module.weight.copy_(torch.arange(6.0).view(2, 3) / 10)
    x, calls = torch.tensor([[1.0, 2.0, -1.0]]), []

    def loss():
        calls.append(1)
        value = module(x).pow(2).sum()
        return value, {"loss": (value.detach(), 1)}

    return module, OptimizerStep(Player(module, make(module.parameters()), closure=closure), loss), x, calls


def test_sam_s_step_is_the_two_pass_step():
    package = pytest.importorskip("pytorch_optimizer")
    rho, lr = 0.1, 0.05
    module, step, x, calls = quadratic(
        "after_backward", lambda p: package.SAM(p, base_optimizer=torch.optim.SGD, rho=rho, lr=lr, use_gc=False)
    )
    w = module.weight.detach().clone()
    gradient = lambda at: 2 * (at @ x.T) @ x  # noqa: E731
    g = gradient(w)
    expected = w - lr * gradient(w + rho * g / g.norm())
    logs = optimizer_step(step, "fp32")
    torch.testing.assert_close(module.weight.detach(), expected, rtol=1e-5, atol=1e-6)
    assert len(calls) == 2 and float(logs["loss"][0]) == pytest.approx(float((w @ x.T).pow(2).sum()))


def test_lbfgs_calls_the_closure_itself():
    module, step, x, calls = quadratic("only", lambda p: torch.optim.LBFGS(p, lr=1.0, max_iter=10))
    optimizer_step(step, "fp32")
    assert len(calls) > 1 and float((module.weight @ x.T).detach().pow(2).sum()) < 1e-6


def test_lbfgs_trains_a_network_of_convolutions():
    task = task_of(*CASES["LBFGS"])
    batch = next(iter(task.batches(0)))
    first, second = (
        float(optimizer_step(step, "fp32")["loss"][0]) for _ in range(2) for step in task.optimizer_steps(batch, 0)
    )
    assert second < first
