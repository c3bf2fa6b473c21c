"""AWD-LSTM against the official code's forward passes and counts, and the properties of its dropouts."""

import json
from collections import Counter
from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

from models.lstm import AWDLSTM
from tests.formula import fill

CASES = json.loads((Path(__file__).parents[1] / "oracles" / "lstm_fixtures.json").read_text())["models"]
TOTAL, TRAINED = [5_293_200, 13_632_400, 24_221_600], [4_653_200, 7_702_400, 13_001_600]
SMALL = dict(vocabulary=30, layers=2, embedding=8, hidden=12)
DRY = dict(word_dropout=0, input_dropout=0, between_dropout=0, output_dropout=0, weight_drop=0)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["model"])
@pytest.mark.parametrize("recurrent", ["frozen", "trained"])
def test_shapes_and_forward_pass_equal_the_official_ones(case, recurrent):
    layers = int(case["model"].split("/")[1][0])
    net = AWDLSTM(10_000, layers, recurrent).double().eval()
    tensors = [*net.parameters(), *net.buffers()]
    assert Counter(str(tuple(t.shape)) for t in tensors) == case["shapes"]
    assert sum(t.numel() for t in tensors) == case["parameters"] == TOTAL[layers - 1]
    learning = sum(p.numel() for p in net.parameters())
    assert learning == (TRAINED if recurrent == "frozen" else TOTAL)[layers - 1]
    fill(net)
    words = torch.tensor(case["words"])
    with torch.no_grad():
        out = net(words, net.initial_state(words.shape[1]))
        loss = F.cross_entropy(out.logits.flatten(0, 1), (words + 1).flatten() % 10_000)
    assert float(loss) == pytest.approx(case["mean_nll"], rel=1e-10)
    last = torch.tensor(case["last_hidden_first8"], dtype=torch.float64)
    torch.testing.assert_close(out.raw[-1, -1, :8], last, rtol=1e-8, atol=1e-10)
    assert [float(cell.sum()) for _, cell in out.state] == pytest.approx(case["cell_sums"], rel=1e-8)


@pytest.mark.parametrize("recurrent, reached", [("frozen", False), ("trained", True)])
def test_only_trained_recurrent_matrices_get_a_gradient_and_all_else_does(recurrent, reached):
    net = AWDLSTM(recurrent=recurrent, **SMALL)
    out = net(torch.arange(12).view(6, 2), net.initial_state(2))
    out.logits.square().mean().backward()
    assert all(p.grad is not None and bool(p.grad.any()) for p in net.parameters())
    names = {name for name, _ in net.named_parameters()}
    assert {f"layers.{i}.weight_hh" in names for i in range(2)} == {reached}


def test_initial_weights_lie_in_the_official_ranges():
    torch.manual_seed(0)
    net = AWDLSTM(1000, 3, "frozen")
    assert 0.099 < float(net.embedding.detach().abs().max()) <= 0.1 and not net.bias.any()
    for layer, units in zip(net.layers, (1150, 1150, 400)):
        for tensor in (layer.weight_ih, layer.weight_hh, layer.bias_ih, layer.bias_hh):
            assert 0.98 * units**-0.5 < float(tensor.detach().abs().max()) <= units**-0.5


def test_evaluation_drops_nothing_and_chunks_change_nothing():
    net = AWDLSTM(recurrent="frozen", **SMALL).double().eval()
    words = torch.randint(30, (50, 1))
    whole, state, parts = net(words, net.initial_state(1)).logits, net.initial_state(1), []
    for chunk in words.split(7):
        out = net(chunk, state)
        state = out.state
        parts.append(out.logits)
    torch.testing.assert_close(torch.cat(parts), whole, rtol=1e-12, atol=1e-12)


def test_locked_dropout_has_one_mask_for_all_time_steps():
    net = AWDLSTM(recurrent="frozen", **SMALL)
    x = net.locked_dropout(torch.ones(5, 3, 400), 0.4)
    assert (x == x[:1]).all() and x.unique().tolist() == pytest.approx([0.0, 1 / 0.6])
    assert 0.55 < float((x > 0).float().mean()) < 0.65


def test_a_dropped_word_is_zero_in_the_whole_batch_and_the_output_layer_keeps_it():
    torch.manual_seed(0)
    net = AWDLSTM(recurrent="frozen", **{**SMALL, **DRY, "word_dropout": 0.5})
    words, seen = torch.arange(30).repeat(2, 1).t().contiguous(), []
    net.layers[0].register_forward_pre_hook(lambda layer, args: seen.append(args[0]))
    logits = net(words, net.initial_state(2)).logits
    zero = (seen[0] == 0).all(2)
    assert torch.equal(zero[:, 0], zero[:, 1]) and 5 < int(zero[:, 0].sum()) < 25
    kept = ~zero[:, 0]
    torch.testing.assert_close(seen[0][kept, 0], 2 * net.embedding[kept])
    assert bool(logits[0, 0].ne(net.bias).all())


def test_the_recurrent_matrix_is_dropped_once_a_batch():
    torch.manual_seed(0)
    net = AWDLSTM(recurrent="frozen", **{**SMALL, **DRY, "weight_drop": 0.5})
    words = torch.full((3, 1), 7)
    first, second = (net(words, net.initial_state(1)).raw for _ in range(2))
    assert torch.equal(first[0], second[0])  # the first step meets a state of zeros
    assert not torch.equal(first[1], second[1])


@pytest.mark.parametrize("arguments, message", [
    (dict(layers=0), "layers, vocabulary and width must be positive, got 0"),
    (dict(width=-1.0), "must be positive"),
    (dict(recurrent="thawed"), "recurrent must be one of frozen, trained, got 'thawed'"),
])  # fmt: skip
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        AWDLSTM(**{"recurrent": "frozen", **SMALL, **arguments})
