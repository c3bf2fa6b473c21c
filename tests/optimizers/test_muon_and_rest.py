"""Muon for matrices and AdamW for the rest are one optimizer."""

import copy
import io

import pytest
import torch

from optimizers import MuonAndRest


def test_muon_takes_matrices_and_adamw_the_rest():
    torch.manual_seed(0)
    matrix, vector, kernel = (torch.nn.Parameter(torch.randn(shape)) for shape in [(4, 3), (5,), (2, 2, 3, 3)])
    twins = [torch.nn.Parameter(p.detach().clone()) for p in (matrix, vector, kernel)]
    joined = MuonAndRest([matrix, vector, kernel], lr=1e-2)
    muon = torch.optim.Muon(twins[:1], lr=1e-2, weight_decay=0.1, adjust_lr_fn="match_rms_adamw")
    adamw = torch.optim.AdamW(twins[1:], lr=1e-2, weight_decay=0.1)
    for step in range(4):
        for p, twin in zip((matrix, vector, kernel), twins):
            p.grad = torch.randn(p.shape)
            twin.grad = p.grad.clone()
        for each in (joined, muon, adamw):
            for group in each.param_groups:
                group["lr"] = 1e-2 / (1 + step)
            each.step()
    torch.testing.assert_close([matrix, vector, kernel], twins)


def test_muon_without_a_matrix_is_refused():
    with pytest.raises(ValueError, match="Muon needs a matrix"):
        MuonAndRest([torch.nn.Parameter(torch.ones(3))])


def test_a_copy_of_muon_is_independent_and_whole():
    params = [torch.nn.Parameter(torch.ones(2, 2)), torch.nn.Parameter(torch.ones(2))]
    optimizer = MuonAndRest(params, lr=0.1)
    for p in params:
        p.grad = torch.ones_like(p)
    optimizer.step()
    others, twin = copy.deepcopy((params, optimizer))
    for p in others:
        p.grad = torch.ones_like(p)
    before = [p.detach().clone() for p in params]
    twin.param_groups[0]["lr"] = 0.0
    twin.step()
    assert all(map(torch.equal, params, before)) and torch.equal(others[0], params[0])
    assert not torch.equal(others[1], params[1])


def test_a_state_dict_carries_both_parts():
    def steps(params, optimizer, first, last):
        for step in range(first, last):
            for p in params:
                p.grad = torch.full_like(p, 0.1 * (step + 1))
            optimizer.step()
        return [p.detach().clone() for p in params]

    def parameters():
        torch.manual_seed(0)
        return [torch.nn.Parameter(torch.randn(shape)) for shape in [(5,), (4, 3), (2, 2), (2, 2, 3, 3)]]

    straight, params = parameters(), parameters()
    expected = steps(straight, MuonAndRest(straight, lr=1e-2), 0, 6)
    first = MuonAndRest(params, lr=1e-2)
    steps(params, first, 0, 3)
    buffer = io.BytesIO()
    torch.save(first.state_dict(), buffer)
    second = MuonAndRest(params, lr=1.0)
    second.load_state_dict(torch.load(io.BytesIO(buffer.getvalue()), weights_only=True))
    assert all(map(torch.equal, steps(params, second, 3, 6), expected))


def test_a_closure_is_called_with_gradients_and_its_loss_returned():
    p = torch.nn.Parameter(torch.ones(2, 2))
    optimizer = MuonAndRest([p], lr=0.1)

    def closure():
        optimizer.zero_grad()
        loss = p.square().sum()
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == 4.0 and not torch.equal(p, torch.ones(2, 2))


def test_the_rest_can_have_arguments_of_its_own():
    params = [torch.nn.Parameter(torch.ones(2, 2)), torch.nn.Parameter(torch.ones(2))]
    optimizer = MuonAndRest(params, lr=0.02, weight_decay=0.3, momentum=0.8, rest={"lr": 1e-3, "betas": (0.8, 0.9)})
    muon, rest = optimizer.param_groups
    assert (muon["lr"], muon["weight_decay"], muon["momentum"], muon["nesterov"]) == (0.02, 0.3, 0.8, True)
    assert (rest["lr"], rest["weight_decay"], rest["betas"], rest["decoupled"]) == (1e-3, 0.3, (0.8, 0.9), True)


def test_a_further_group_that_no_part_would_step_is_refused():
    joined = MuonAndRest([torch.nn.Parameter(torch.ones(3, 2))], lr=1e-2)
    with pytest.raises(NotImplementedError, match="make a new one"):
        joined.add_param_group({"params": [torch.nn.Parameter(torch.ones(3, 2))]})
