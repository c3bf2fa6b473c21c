"""The loop: rates, turns, closures, sums, divergence; on a task of three numbers."""

import math

import pytest
import torch
from torch import nn

from experiments.config.errors import UserError
from experiments.config.metric import Metric
from experiments.training.loop import RunPlan, fit
from experiments.training.schedules import Constant, Cosine, Step
from experiments.training.sums import LogSums
from experiments.training.task import Evaluation, OptimizerStep, Player


class Line(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.ones(3))


class Toy:
    """One player that minimises |w|^2 / 2; records what the loop does to it."""

    metric, unit = Metric("test/norm", "min"), "steps"

    def __init__(self, optimizer=None, steps=2, lr_factor=1.0, **player):
        module = Line()
        optimizer = optimizer or (lambda p: torch.optim.SGD(p, lr=0.1))
        self.player = Player(module, optimizer(module.parameters()), **player)
        self.players, self.steps, self.lr_factor, self.seen, self.calls = {"line": self.player}, steps, lr_factor, [], 0
        self.break_in = None

    def batches(self, epoch):
        self.now = epoch
        return range(self.steps)

    def optimizer_steps(self, batch, index):
        def loss():
            self.calls += 1
            w = self.player.module.w
            value = w.square().sum() / 2 * (math.nan if self.break_in == self.now else 1.0)
            return value, {"loss": (value.detach() * 2, 2), "calls": (torch.tensor(float(self.calls)), 1)}

        before = self.player.module.w.detach().clone()
        yield OptimizerStep(self.player, loss, self.lr_factor)
        self.seen.append((before, self.player.module.w.detach().clone()))

    def evaluate(self, split):
        assert not self.player.module.training and not torch.is_grad_enabled()
        return Evaluation({"norm": float(self.player.module.w.norm())})

    def after_epoch(self, scores):
        pass


class Notes:
    def __init__(self):
        self.lines, self.ticks, self.checkpoints = [], 0, []

    def after_batch(self, epoch, batch, of, sums):
        self.ticks += 1

    def after_evaluation(self, epoch, found):
        pass

    def after_epoch(self, epoch, scores, seconds, checkpoint):
        self.lines.append(scores)
        self.checkpoints.append(checkpoint)


def go(task, epochs=4, **plan):
    notes = Notes()
    return fit(task, Step(epochs, [150], 200, 0.1), RunPlan(0, epochs, {"test": 1}, **plan), notes), notes


@pytest.mark.parametrize("epochs, dropped", [(200, 150), (4, 3), (30, 23), (20, 15), (6, 5), (1, None)])
def test_the_drop_falls_at_the_same_share_of_any_run(epochs, dropped):
    schedule = Step(epochs, [150], 200, 0.1)
    rates = [1.0, *(schedule(1.0, epoch) for epoch in range(epochs))]
    assert [e for e in range(epochs) if rates[e + 1] != rates[e]] == ([] if dropped is None else [dropped])


def test_two_milestones_that_fall_together_both_count():
    assert Step(2, [100, 145], 200, 0.1)(1.0, 1) == pytest.approx(0.1)
    assert Step(2, [100, 110], 200, 0.1)(1.0, 1) == pytest.approx(0.1)
    assert Step(3, [100, 110], 200, 0.1)(1.0, 2) == pytest.approx(0.01)


def test_rates_are_logged_and_a_drop_multiplies_the_current_rate():
    task = Toy()
    status, notes = go(task)
    assert status == "complete" and [line["lr"] for line in notes.lines] == pytest.approx([0.1, 0.1, 0.1, 0.01])


def test_an_optimizer_step_steps_once_and_what_follows_the_yield_sees_the_step():
    task = Toy()
    go(task, epochs=1)
    for before, after in task.seen:
        torch.testing.assert_close(after, before * 0.9)


def test_a_steps_lr_factor_holds_for_it_alone():
    task = Toy(lr_factor=0.5)
    go(task, epochs=1)
    torch.testing.assert_close(task.seen[0][1], task.seen[0][0] * 0.95)
    assert task.player.optimizer.param_groups[0]["lr"] == 0.1


def test_stop_after_ends_early_and_leaves_the_schedule_alone():
    status, notes = go(Toy(), epochs=4, stop_after=2)
    assert status == "partial" and len(notes.lines) == 2 and notes.lines[-1]["lr"] == 0.1
    assert notes.checkpoints == [False, True]


def test_max_seconds_ends_a_slice_at_an_epoch_end():
    status, notes = go(Toy(), max_seconds=0.0)
    assert status == "unfinished" and len(notes.lines) == 1 and notes.checkpoints == [True]


def test_divergence_is_a_result():
    task = Toy()
    task.break_in = 1
    status, notes = go(task)
    assert status == "diverged" and len(notes.lines) == 2 and math.isnan(notes.lines[-1]["train/loss"])


def test_clipping_bounds_the_gradient_that_is_stepped_on():
    task = Toy(max_norm=0.1)
    go(task, epochs=1)
    before, after = task.seen[0]
    assert float((before - after).norm()) == pytest.approx(0.1 * 0.1, rel=1e-3)


def test_closure_only_hands_the_closure_to_the_optimizer():
    task = Toy(lambda p: torch.optim.LBFGS(p, lr=1.0, max_iter=5), closure="only")
    go(task, epochs=1)
    assert float(task.player.module.w.detach().norm()) < 1e-3


def test_a_misspelt_closure_is_refused():
    with pytest.raises(UserError, match="closure must be none, after_backward, only, got 'nnoe'"):
        Toy(closure="nnoe")


class TwoPass(torch.optim.SGD):
    """Asks for a second gradient at a moved point, as SAM does."""

    def step(self, closure):
        grads = [p.grad.clone() for p in self.param_groups[0]["params"]]
        with torch.no_grad():
            for p, g in zip(self.param_groups[0]["params"], grads):
                p.add_(g)
        with torch.enable_grad():
            closure()
        with torch.no_grad():
            for p, g in zip(self.param_groups[0]["params"], grads):
                p.sub_(g)
        super().step()


def test_closure_after_backward_gives_gradients_first_and_only_the_first_logs_count():
    task = Toy(lambda p: TwoPass(p, lr=0.1), steps=1, closure="after_backward")
    _, notes = go(task, epochs=1)
    torch.testing.assert_close(task.seen[0][1], torch.ones(3) * (1 - 0.1 * 2))
    assert task.calls == 2 and notes.lines[0]["train/calls"] == 1.0


class Averaging(torch.optim.SGD):
    """Has train() and eval(), as schedule-free optimizers do."""

    mode = None

    def train(self):
        self.mode = "train"

    def eval(self):
        self.mode = "eval"

    def step(self, closure=None):
        assert self.mode == "train"
        super().step(closure)


def test_optimizers_with_modes_are_in_train_mode_for_steps_and_in_eval_mode_for_scores():
    task = Toy(lambda p: Averaging(p, lr=0.1))
    modes = []
    task.evaluate = lambda split: modes.append(task.player.optimizer.mode) or Evaluation({})
    go(task, epochs=2)
    assert modes == ["eval", "eval"] and task.player.optimizer.mode == "train"


def test_sums_weigh_a_short_last_batch_by_its_size():
    sums = LogSums()
    sums.add({"accuracy": (torch.tensor(128.0), 128)})
    sums.add({"accuracy": (torch.tensor(0.0), 80)})
    assert sums.means() == {"accuracy": pytest.approx(128 / 208)}


def test_a_second_player_gets_its_own_rate_in_the_log():
    task = Toy()
    other = Line()
    task.players["other"] = Player(other, torch.optim.SGD(other.parameters(), lr=0.5))
    _, notes = go(task, epochs=1)
    assert notes.lines[0]["lr/line"] == 0.1 and notes.lines[0]["lr/other"] == 0.5


def as_ratios(milestones, of, factor, epochs):
    """The rates as they were made before schedules said them: each epoch multiplies what the last one left."""
    lr, rates = 0.1, []
    for epoch in range(epochs):
        reached = [m for m in milestones if epoch * of >= m * epochs]
        before = [m for m in milestones if epoch > 0 and (epoch - 1) * of >= m * epochs]
        lr *= factor ** (len(reached) - len(before))
        rates.append(lr)
    return rates


@pytest.mark.parametrize("milestones", [[150], [100, 145], [70, 80], [0, 1, 3], []])
@pytest.mark.parametrize("epochs", [1, 2, 3, 8, 30, 200])
def test_a_step_schedule_has_the_bits_of_drop_by_drop(milestones, epochs):
    schedule = Step(epochs, milestones, 200, 0.1)
    assert [schedule(0.1, epoch) for epoch in range(epochs)] == as_ratios(milestones, 200, 0.1, epochs)


def test_an_optimizer_that_begins_later_has_only_the_drops_from_then_on():
    schedule = Step(200, [100, 145], 200, 0.1)
    assert [schedule(30.0, epoch, first=120) for epoch in (120, 144, 145, 199)] == [30.0, 30.0, 30.0 * 0.1, 30.0 * 0.1]
    assert schedule(30.0, 145, first=145) == 30.0 * 0.1


def test_a_cosine_falls_from_the_base_rate_and_a_warm_up_rises_to_it():
    rates = [Cosine(10)(0.5, epoch) for epoch in range(10)]
    assert rates[0] == 0.5 and rates == sorted(rates, reverse=True) and rates[5] == pytest.approx(0.25)
    assert Cosine(10, final=0.1)(1.0, 10) == pytest.approx(0.1)
    warm = [Cosine(10, warmup=4)(1.0, epoch) for epoch in range(10)]
    assert warm[:5] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0]) and warm[4:] == sorted(warm[4:], reverse=True)
    assert [Constant(10)(0.5, epoch) for epoch in range(10)] == [0.5] * 10


@pytest.mark.parametrize("bad", [{"warmup": 10}, {"warmup": -1}, {"final": 1.5}])
def test_a_cosine_that_cannot_be_is_refused(bad):
    with pytest.raises(ValueError, match=r"warmup must be shorter|final is a share"):
        Cosine(10, **bad)
