"""The language-model task: official training steps, lengths, windows, the switch to ASGD, states and resuming."""

import json
import math
from functools import partial
from pathlib import Path

import pytest
import torch

from data.stream import TextBatches, draw_lengths, official_lengths, split_into_columns
from data.text import text_data
from experiments.config.compose import compose
from experiments.config.errors import UserError
from experiments.runs.run import build_task, run
from experiments.store.run_files import read_lines, run_path
from experiments.tasks.language_model import LanguageModel
from experiments.training.loop import RunPlan, fit, optimizer_step
from experiments.training.schedules import Constant
from models.lstm import AWDLSTM
from optimizers import SGD, AdaBelief
from tests.formula import fill

CASE = json.loads((Path(__file__).parents[2] / "oracles" / "lstm_fixtures.json").read_text())["training"]
DRY = dict(word_dropout=0, input_dropout=0, between_dropout=0, output_dropout=0, weight_drop=0)
PAPER = dict(recurrent="frozen", lengths="official", select_on="test", window=(401, 600), denominator="stream")
WORDS = ["task=language_model", "setting=adabelief-ptb", "data=topics", "model=lstm1", "scale=quick", "threads=1"]


def corpus(words=400, vocabulary=20):
    numbers = [*range(vocabulary), *((7 * i * i + 3 * i) % vocabulary for i in range(words - vocabulary))]
    text = [f"w{n}" for n in numbers]
    return text_data("toy", {"train": " ".join(text), "validation": " ".join(text[:90]), "test": " ".join(text[:150])})


def toy(data=None, optimizer=None, batch_size=4, length=10, model=None, **more):
    model = model or partial(AWDLSTM, layers=1, embedding=8, hidden=8)
    optimizer = optimizer or partial(AdaBelief, lr=1e-2, weight_decay=0.0, mode="foreach")
    arguments = dict(batch_size=batch_size, length=length, clip=0.25, activation=2, temporal=1, seed=0, device="cpu",
                     closure="none", **PAPER)  # fmt: skip
    return LanguageModel(data or corpus(), model, optimizer, **{**arguments, **more})


def test_training_steps_equal_the_official_ones():
    """Carried state, both penalties, clipping, the rate by length, recurrent matrices that stay, in float64."""
    torch.set_num_threads(1)
    steps, batch = CASE["steps"], CASE["batch"]
    i = torch.arange((sum(s["length"] for s in steps) + 1) * batch)
    stream = ((7 * i**2 + 3 * i) % CASE["vocabulary"]).view(-1, batch)  # (time, batch)
    model = partial(AWDLSTM, layers=CASE["layers"], embedding=CASE["embedding"], hidden=CASE["hidden"], **DRY)
    optimizer = partial(AdaBelief, mode="loop", **CASE["kwargs"])
    data = corpus(vocabulary=CASE["vocabulary"] - 1)  # and the end of a line
    task = toy(data, optimizer, batch, 70, model)
    module = task.player.module.double().train()
    fill(module)
    frozen = [layer.weight_hh.clone() for layer in module.layers]
    for index, (part, expected) in enumerate(zip(TextBatches(stream, [s["length"] for s in steps]), steps)):
        for step in task.optimizer_steps(part, index):
            entropy, loss = [], step.loss
            step.loss = lambda loss=loss, entropy=entropy: kept(loss(), entropy)
            logs = optimizer_step(step, "fp32")
        assert float(logs["loss"][0]) / part.targets.numel() == pytest.approx(expected["cross_entropy"], rel=1e-8)
        assert entropy[0] == pytest.approx(expected["loss"], rel=1e-8)
        tensors = torch.cat([t.detach().flatten() for t in [*module.parameters(), *module.buffers()]])
        assert float(tensors.sum()) == pytest.approx(expected["sum"], rel=1e-8)
        assert float(tensors.abs().sum()) == pytest.approx(expected["abs_sum"], rel=1e-8)
        assert float(tensors.square().sum()) == pytest.approx(expected["square_sum"], rel=1e-8)
    assert all(torch.equal(layer.weight_hh, before) for layer, before in zip(module.layers, frozen))


def kept(result, values):
    values.append(float(result[0].detach()))
    return result


def test_official_lengths_are_those_of_the_official_generator():
    epochs = [official_lengths(epoch, 46_479, 70) for epoch in range(3)]
    assert [len(lengths) for lengths in epochs] == [690, 686, 694]
    assert epochs[0][:10] == [78, 65, 74, 70, 67, 72, 77, 66, 40, 73]
    assert epochs[1][:5] == [72, 79, 78, 65, 59] and epochs[2][:5] == [72, 64, 68, 72, 67]


def test_all_two_hundred_epochs_have_the_official_number_of_batches():
    import numpy as np

    random, counts = np.random.RandomState(141), []
    for _ in range(200):
        random.permutation(46_477)
        counts.append(len(draw_lengths(random, 46_479, 70)))
    assert (sum(counts), min(counts), max(counts)) == (137_336, 678, 703)


def test_official_lengths_do_not_depend_on_the_seed_and_own_ones_do():
    official = [toy(seed=seed).lengths_of(3) for seed in (0, 1)]
    own = [toy(seed=seed, lengths="own").lengths_of(3) for seed in (0, 1)]
    assert official[0] == official[1] and own[0] != own[1]


def test_batches_cover_the_text_once_in_order_and_targets_are_the_next_words():
    task = toy()
    batches = list(task.batches(0))
    assert len(batches) == len(task.batches(0))
    assert torch.equal(torch.cat([b.words for b in batches]), task.train[:-1])
    assert torch.equal(torch.cat([b.targets for b in batches]), task.train[1:])
    assert [len(b.words) for b in batches[:-1]] == [b.length for b in batches[:-1]]


def test_columns_are_contiguous_pieces_of_the_text():
    assert split_into_columns(torch.arange(11), 3).tolist() == [[0, 3, 6], [1, 4, 7], [2, 5, 8]]


def test_the_state_is_carried_from_batch_to_batch_and_not_into_the_next_epoch():
    task = toy(model=partial(AWDLSTM, layers=1, embedding=8, hidden=8, **DRY))
    starts = []
    task.player.module.register_forward_pre_hook(lambda module, args: starts.append(args[1]))
    for epoch in range(2):
        for index, batch in zip(range(3), task.batches(epoch)):
            for step in task.optimizer_steps(batch, index):
                optimizer_step(step, "fp32")
    zero = [not any(t.any() for pair in state for t in pair) for state in starts]
    assert zero == [True, False, False] * 2
    assert not any(t.requires_grad for state in starts for pair in state for t in pair)


def test_the_rate_of_a_step_follows_its_own_length():
    task = toy()
    batch = next(iter(task.batches(0)))
    (step,) = task.optimizer_steps(batch, 0)
    assert step.lr_factor == batch.length / 10


def test_gradients_are_clipped_before_the_step():
    task = toy(optimizer=partial(SGD, lr=1.0, weight_decay=0.0, mode="loop"), clip=1e-3)
    before = [p.detach().clone() for p in task.player.module.parameters()]
    batch = next(iter(task.batches(0)))._replace(length=10)
    for step in task.optimizer_steps(batch, 0):
        optimizer_step(step, "fp32")
    moved = [p.detach() - b for p, b in zip(task.player.module.parameters(), before)]
    assert float(torch.cat([m.flatten() for m in moved]).norm()) == pytest.approx(1e-3, rel=1e-2)


def test_every_parameter_that_is_meant_to_train_gets_a_gradient():
    for recurrent in ("frozen", "trained"):
        task = toy(recurrent=recurrent, model=partial(AWDLSTM, layers=3, embedding=8, hidden=8, **DRY))
        for step in task.optimizer_steps(next(iter(task.batches(0))), 0):
            optimizer_step(step, "fp32")
        assert all(p.grad is not None and bool(p.grad.any()) for p in task.player.module.parameters())


def test_train_perplexity_is_the_window_s_and_the_whole_epoch_s_stands_beside_it():
    task, record = toy(window=(2, 3)), Lines()
    fit(task, Constant(1), RunPlan(seed=0, epochs=1, evaluate={"test": 1}), record)
    losses = record.means
    (line,) = record.lines
    assert line["train/perplexity"] == pytest.approx(math.exp((losses[2] + losses[3]) / 2), rel=1e-6)
    assert line["train/epoch_perplexity"] == pytest.approx(math.exp(line["train/loss"]), rel=1e-12)
    assert "train/window" not in line


class Lines:
    """A record that keeps the lines, and the mean loss of each batch."""

    def __init__(self):
        self.lines, self.means, self.total, self.count = [], [], 0.0, 0

    def after_batch(self, epoch, batch, of, sums):
        total, count = float(sums.totals["loss"]), sums.counts["loss"]
        self.means.append((total - self.total) / (count - self.count))
        self.total, self.count = total, count

    def after_evaluation(self, epoch, found):
        pass

    def after_epoch(self, epoch, scores, seconds, checkpoint):
        self.lines.append({"epoch": epoch, **scores})


def test_evaluation_is_one_column_and_its_loss_is_divided_as_the_protocol_says():
    stream, predictions = toy(), toy(denominator="predictions")
    n = len(stream.splits["test"])
    for task in (stream, predictions):
        task.player.module.eval()
    with torch.no_grad():
        module, words = stream.player.module, stream.splits["test"]
        logits = module(words[:-1, None], module.initial_state(1)).logits[:, 0]
        total = float(torch.nn.functional.cross_entropy(logits, words[1:], reduction="sum"))
        found = [task.evaluate("test").scores["perplexity"] for task in (stream, predictions)]
    assert found == pytest.approx([math.exp(total / n), math.exp(total / (n - 1))], rel=1e-6)


def test_chunks_of_an_evaluation_change_nothing(monkeypatch):
    task = toy(corpus(3000))
    task.player.module.eval()
    with torch.no_grad():
        whole = task.evaluate("test").scores["perplexity"]
        monkeypatch.setattr("experiments.tasks.language_model.CHUNK", 70)
        parts = task.evaluate("test").scores["perplexity"]
    assert parts == pytest.approx(whole, rel=1e-6)


def scores(perplexity):
    return {"train/loss": 1.0, "test/perplexity": perplexity}


def test_sgd_gives_way_to_asgd_when_the_test_split_has_not_improved_for_five_epochs():
    optimizer = partial(SGD, lr=30.0, weight_decay=1e-6, mode="loop")
    task = toy(optimizer=optimizer, asgd_after=5)
    task.player.optimizer.param_groups[0]["lr"] = 3.0  # a drop before the switch is undone by it
    for value in [100, 90, 80, 85, 85, 85, 85, 85]:
        task.after_epoch(scores(value))
        assert not task.switched
    task.after_epoch(scores(80.5))  # above the 80 of six epochs ago
    switched = task.player.optimizer
    assert task.switched and type(switched) is torch.optim.ASGD
    group = switched.param_groups[0]
    assert (group["lr"], group["t0"], group["lambd"], group["weight_decay"]) == (30.0, 0, 0.0, 1e-6)
    assert (task.player.base_lrs, task.player.first_epoch) == ([30.0], 9)  # of drops, only later ones count
    task.after_epoch(scores(200))
    assert task.player.optimizer is switched
    twin = toy(optimizer=optimizer, asgd_after=5)
    twin.load_state_dict(task.state_dict())
    assert twin.history == task.history and type(twin.player.optimizer) is torch.optim.ASGD
    assert (twin.player.base_lrs, twin.player.first_epoch) == ([30.0], 9)


def test_without_a_patience_nothing_is_switched():
    task = toy()
    for value in range(100, 120):
        task.after_epoch(scores(value))
    assert not task.switched


def test_a_resumed_run_ends_with_the_same_bits_also_after_the_switch(tmp_path):
    words = [*WORDS, "optimizer=sgd", "task.asgd_after=1", "optimizer.lr=0.5", "epochs=5", "model.width=0.05"]
    words += ["task.batch_size=200", "progress=none", "checkpoint_seconds=0"]
    whole = compose([*words, f"store={tmp_path / 'whole'}"])
    assert run(whole) == "complete"
    cut = compose([*words, f"store={tmp_path / 'cut'}", "max_seconds=0"])
    for _ in range(4):
        assert run(cut) == "unfinished"
    assert run(cut) == "complete"
    lines = [read_lines(tmp_path / name / run_path(whole) / "metrics.jsonl") for name in ("whole", "cut")]
    assert lines[0] == lines[1] and len(lines[0]) == 5


@pytest.mark.parametrize("protocol, recurrent, splits", [("paper", 0, {"test"}), ("clean", 1, {"validation", "test"})])
def test_the_protocols_choose_what_is_trained_and_scored(protocol, recurrent, splits):
    request = compose([*WORDS, "optimizer=adabelief", f"protocol={protocol}", "model.width=0.05"])
    task = build_task(request, "cpu")
    names = [name for name, _ in task.player.module.named_parameters() if name.endswith("weight_hh")]
    assert len(names) == recurrent and set(request.config["protocol"]["evaluate"]) == splits
    assert task.select_on.startswith("test" if protocol == "paper" else "validation")


def test_what_makes_no_sense_is_said_in_a_sentence():
    with pytest.raises(ValueError, match="401 words are too few for 200 columns"):
        toy(batch_size=200)
    with pytest.raises(ValueError, match="lengths is one of"):
        toy(lengths="random")
    with pytest.raises(UserError, match="norm_batches re-estimates batch norm"):
        build_task(compose([*WORDS, "optimizer=adam", "norm_batches=3"]), "cpu")
    with pytest.raises(ValueError, match="asgd_after must be one epoch or more, got 0"):
        toy(asgd_after=0)
