"""The loop: rates, turns, closures, sums, divergence; on a task of three numbers."""

import math

import pytest
import torch
from torch import nn

from experiments.errors import UserError
from experiments.loop import Plan, Sums, fit
from experiments.schedule import Drops
from experiments.task import Evaluation, Metric, Player, Turn


class Line(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.ones(3))


class Toy:
    """One player that minimises |w|^2 / 2; records what the loop does to it."""

    metric, unit = Metric("test/norm", "min"), "steps"

    def __init__(self, optimizer=None, steps=2, rate=1.0, **player):
        module = Line()
        optimizer = optimizer or (lambda p: torch.optim.SGD(p, lr=0.1))
        self.player = Player(module, optimizer(module.parameters()), **player)
        self.players, self.steps, self.rate, self.seen, self.calls = {"line": self.player}, steps, rate, [], 0
        self.break_in = None

    def batches(self, epoch):
        self.now = epoch
        return range(self.steps)

    def turns(self, batch, index):
        def loss():
            self.calls += 1
            w = self.player.module.w
            value = w.square().sum() / 2 * (math.nan if self.break_in == self.now else 1.0)
            return value, {"loss": (value.detach() * 2, 2), "calls": (torch.tensor(float(self.calls)), 1)}

        before = self.player.module.w.detach().clone()
        yield Turn(self.player, loss, self.rate)
        self.seen.append((before, self.player.module.w.detach().clone()))

    def evaluate(self, split):
        assert not self.player.module.training and not torch.is_grad_enabled()
        return Evaluation({"norm": float(self.player.module.w.norm())})

    def after_epoch(self, scores):
        pass


class Notes:
    def __init__(self):
        self.lines, self.ticks, self.checkpoints = [], 0, []

    def tick(self, epoch, batch, of, sums):
        self.ticks += 1

    def evaluation(self, epoch, found):
        pass

    def epoch(self, epoch, scores, seconds, checkpoint):
        self.lines.append(scores)
        self.checkpoints.append(checkpoint)


def go(task, epochs=4, **plan):
    notes = Notes()
    return fit(task, Drops([150], 200, 0.1), Plan(0, epochs, {"test": 1}, **plan), notes), notes


@pytest.mark.parametrize("epochs, dropped", [(200, 150), (4, 3), (30, 23), (20, 15), (6, 5), (1, None)])
def test_the_drop_falls_at_the_same_share_of_any_run(epochs, dropped):
    schedule = Drops([150], 200, 0.1)
    factors = [schedule(epoch, epochs) for epoch in range(epochs)]
    assert [e for e, f in enumerate(factors) if f != 1] == ([] if dropped is None else [dropped])


def test_two_milestones_that_fall_together_both_count():
    assert Drops([100, 145], 200, 0.1)(1, 2) == pytest.approx(0.1)
    assert Drops([100, 110], 200, 0.1)(1, 1 + 1) == pytest.approx(0.1)
    assert math.prod(Drops([100, 110], 200, 0.1)(e, 3) for e in range(3)) == pytest.approx(0.01)


def test_rates_are_logged_and_a_drop_multiplies_the_current_rate():
    task = Toy()
    status, notes = go(task)
    assert status == "complete" and [line["lr"] for line in notes.lines] == pytest.approx([0.1, 0.1, 0.1, 0.01])


def test_a_turn_steps_once_and_what_follows_the_yield_sees_the_step():
    task = Toy()
    go(task, epochs=1)
    for before, after in task.seen:
        torch.testing.assert_close(after, before * 0.9)


def test_a_turns_rate_holds_for_its_step_alone():
    task = Toy(rate=0.5)
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


def test_step_only_hands_the_closure_to_the_optimizer():
    task = Toy(lambda p: torch.optim.LBFGS(p, lr=1.0, max_iter=5), step="only")
    go(task, epochs=1)
    assert float(task.player.module.w.detach().norm()) < 1e-3


def test_a_misspelt_step_is_refused():
    with pytest.raises(UserError, match="step must be plain, again, only, got 'plian'"):
        Toy(step="plian")


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


def test_step_again_gives_gradients_first_and_only_the_first_logs_count():
    task = Toy(lambda p: TwoPass(p, lr=0.1), steps=1, step="again")
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
    sums = Sums()
    sums.add({"accuracy": (torch.tensor(128.0), 128)})
    sums.add({"accuracy": (torch.tensor(0.0), 80)})
    assert sums.means() == {"accuracy": pytest.approx(128 / 208)}


def test_a_second_player_gets_its_own_rate_in_the_log():
    task = Toy()
    other = Line()
    task.players["other"] = Player(other, torch.optim.SGD(other.parameters(), lr=0.5))
    _, notes = go(task, epochs=1)
    assert notes.lines[0]["lr/line"] == 0.1 and notes.lines[0]["lr/other"] == 0.5
