"""Values that can be worked out on paper, each a property of one method."""

import math

import pytest
import torch

from optimizers import (
    ADOPT,
    MSVAG,
    AdaBelief,
    AdaBeliefVariant,
    AdaBound,
    AdaDiff,
    AdaDiffVariant,
    Adam,
    AMSGrad,
    EAdam,
    Fromage,
    Lion,
    Padam,
    RAdam,
    RMSprop,
    Yogi,
)


def moves(cls, gradients, start=1.0, **arguments):
    """How far one scalar parameter moves down at each step."""
    p = torch.nn.Parameter(torch.tensor([start], dtype=torch.float64))
    optimizer, result = cls([p], **{"mode": "loop", **arguments}), []
    for g in gradients:
        before, p.grad = float(p.detach()), torch.tensor([g], dtype=torch.float64)
        optimizer.step()
        result.append(before - float(p.detach()))
    return result, optimizer.state[p]


FIRST_STEPS = {1.0: 1.111104240118528e-3, 1e-2: 1.0482837378219714e-3, 1e-4: 3.160987723355127e-5, 1e-6: 3.1622675e-7}


@pytest.mark.parametrize("g", FIRST_STEPS)
def test_adabelief_first_step(g):
    assert moves(AdaBelief, [g], eps=1e-8)[0][0] == pytest.approx(FIRST_STEPS[g], rel=1e-6)


def test_adabelief_constant_gradient_is_trusted_more_and_more():
    moved, state = moves(AdaBelief, [0.5] * 1000, eps=1e-8)
    for t, value in [(1, 1.1110836525947867e-3), (10, 1.6353526768e-3), (100, 4.9526446190e-3), (1000, 1.98723730e-2)]:
        assert moved[t - 1] == pytest.approx(value, rel=1e-8)
    assert float(state["exp_avg_var"]) == pytest.approx(4.002824294e-4, rel=1e-8)


def test_adabelief_floor_is_eps_over_one_minus_beta2_at_every_step():
    p = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))
    optimizer = AdaBelief([p], eps=1e-8)
    for t in range(1, 50):
        p.grad = torch.zeros(1, dtype=torch.float64)
        optimizer.step()
        assert float(optimizer.state[p]["exp_avg_var"]) / (1 - 0.999**t) == pytest.approx(1e-5, rel=1e-9)


def test_adabelief_stationary_variance_is_that_of_the_residual_with_the_new_mean():
    torch.manual_seed(0)
    p = torch.nn.Parameter(torch.zeros(20_000, dtype=torch.float64))
    optimizer = AdaBelief([p], lr=0.0, betas=(0.9, 0.99), eps=0.0)
    for _ in range(600):
        p.grad = 3 + torch.randn(20_000, dtype=torch.float64)
        optimizer.step()
    assert float(optimizer.state[p]["exp_avg_var"].mean()) == pytest.approx(2 * 0.9**2 / 1.9, rel=3e-3)


DECAYED = {False: 0.998951716262178, True: 0.99999}


@pytest.mark.parametrize("decoupled", DECAYED)
def test_adabelief_decay_alone(decoupled):
    moved, _ = moves(AdaBelief, [0.0], eps=1e-8, weight_decay=1e-2, decoupled=decoupled)
    assert 1 - moved[0] == pytest.approx(DECAYED[decoupled], rel=1e-12)


def test_adam_first_step_is_the_rate():
    assert moves(Adam, [1e-4], lr=1e-3)[0][0] == pytest.approx(9.9990001e-4, rel=1e-8)


@pytest.mark.parametrize("g, move", [(1e-4, 9.96847691e-4), (1e-6, 1.001e-5)])
def test_adabound_first_step_and_its_upper_bound(g, move):
    arguments = dict(lr=1e-3, final_lr=0.1, gamma=1e-3)
    assert moves(AdaBound, [g], **arguments)[0][0] == pytest.approx(move, rel=1e-8)


def test_adabound_without_gamma_has_a_lower_bound_of_zero_and_no_upper_one():
    moved = moves(AdaBound, [1e-6] * 3, lr=1e-3, gamma=0.0, eps=0.0)[0]
    assert moved == pytest.approx(moves(Adam, [1e-6] * 3, lr=1e-3, eps=0.0)[0], rel=1e-9)


def test_adabound_at_a_rate_of_zero_stands_still():
    assert moves(AdaBound, [1.0, 1.0], lr=0.0)[0] == [0.0, 0.0]


def test_adabound_bounds_follow_the_rate():
    p = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))
    optimizer = AdaBound([p], lr=1e-3, final_lr=0.1, gamma=10.0)
    optimizer.param_groups[0]["lr"] = 1e-4
    p.grad = torch.full((1,), 1e-6, dtype=torch.float64)
    optimizer.step()
    assert -float(p.detach()) == pytest.approx(0.01 * (1 + 1 / 10) * 1e-7, rel=1e-9)


def test_radam_falls_back_to_momentum_for_five_steps():
    moved = [move / 1e-3 for move in moves(RAdam, [0.5] * 8, lr=1e-3)[0]]
    assert moved == pytest.approx([0.5] * 5 + [0.0258, 0.0327, 0.0387], abs=5e-5)


@pytest.mark.parametrize("g, move", [(1, 9.985113577e-4), (1e-2, 2.929499320e-4), (1e-4, 3.341240067e-6),
                                     (0, 2.7588087e-7)])  # fmt: skip
def test_yogi_first_step(g, move):
    assert moves(Yogi, [float(g)], lr=1e-3)[0][0] == pytest.approx(move, rel=1e-7)


def test_msvag_first_step_does_nothing_and_a_constant_gradient_is_followed_in_full():
    assert moves(MSVAG, [0.5] * 3, lr=0.1)[0] == pytest.approx([0, 0.05, 0.05], rel=1e-9)


def test_msvag_gamma_of_zero_mean_noise_settles():
    torch.manual_seed(0)
    p = torch.nn.Parameter(torch.zeros(50_000, dtype=torch.float64))
    optimizer = MSVAG([p], lr=1.0)
    for _ in range(100):
        before, p.grad = p.detach().clone(), torch.randn(50_000, dtype=torch.float64)
        optimizer.step()
    m_hat = optimizer.state[p]["exp_avg"] / (1 - 0.9**100)
    gamma = (before - p.detach()) / m_hat
    assert float(gamma.mean()) == pytest.approx(0.354, abs=5e-3)


@pytest.mark.parametrize("w, g, move", [(1.0, 0.3, 0.0100494963), (1.0, 0.0, 4.9996e-5),
                                        (0.0, 1.0, 0.01 / math.sqrt(1.0001))])  # fmt: skip
def test_fromage(w, g, move):
    assert moves(Fromage, [g], start=w, lr=0.01)[0][0] == pytest.approx(move, rel=1e-4)


def test_fromage_norms_are_per_tensor():
    p = torch.nn.Parameter(torch.tensor([3.0, 4.0], dtype=torch.float64))
    optimizer = Fromage([p], lr=0.1)
    p.grad = torch.tensor([0.0, 2.0], dtype=torch.float64)
    optimizer.step()
    expected = torch.tensor([3.0, 4.0 - 0.1 * 5.0], dtype=torch.float64) / math.sqrt(1.01)
    torch.testing.assert_close(p.detach(), expected)


def test_adadiff_first_step_is_the_rate_over_root_two():
    assert moves(AdaDiff, [0.5], eps=0.0, lr=1e-3)[0][0] == pytest.approx(1e-3 / math.sqrt(2), rel=1e-12)


def test_adadiff_alternating_gradient_averages_to_five_squares():
    _, state = moves(AdaDiff, [0.5, -0.5] * 4000, eps=0.0)
    assert float(state["exp_avg_sq"]) == pytest.approx(5 * 0.25, rel=1e-2)


def test_ada1_is_adadiff_where_there_is_no_eps():
    gradients = [0.3, -1.0, 0.2, 0.05]
    assert moves(AdaDiffVariant, gradients, form="ada1", eps=0.0)[0] == moves(AdaDiff, gradients, eps=0.0)[0]


def test_ada1_has_its_eps_outside_of_the_root_and_of_the_state():
    moved, state = moves(AdaDiffVariant, [0.5], form="ada1", eps=1e-2, lr=1e-3)
    v = 1e-3 * 2 * 0.25
    assert float(state["exp_avg_sq"]) == pytest.approx(v, rel=1e-12)
    assert moved[0] == pytest.approx(1e-3 * math.sqrt(1e-3) * 0.5 / (math.sqrt(v) + 1e-2), rel=1e-12)


def test_ada3_averages_to_twice_the_variance():
    torch.manual_seed(0)
    p = torch.nn.Parameter(torch.zeros(20_000, dtype=torch.float64))
    optimizer = AdaDiffVariant([p], lr=0.0, betas=(0.9, 0.99), eps=0.0, form="ada3")
    for _ in range(800):
        p.grad = 3 + torch.randn(20_000, dtype=torch.float64)
        optimizer.step()
    assert float(optimizer.state[p]["exp_avg_sq"].mean()) == pytest.approx(2.0, rel=1e-2)


def test_ada4_takes_the_larger_square_and_keeps_no_gradient():
    _, state = moves(AdaDiffVariant, [0.5, 0.0], form="ada4", eps=1e-4)
    assert float(state["exp_avg_sq"]) == pytest.approx(0.999 * (1e-3 * 0.25 + 1e-4) + 1e-3 * 0.045**2 + 1e-4, rel=1e-12)
    assert "previous_grad" not in state


def test_adopt_idles_on_its_first_call_and_then_follows_the_sign():
    moved, _ = moves(ADOPT, [0.3] * 4, lr=1e-2)
    assert moved == pytest.approx([0] + [1e-2 * (1 - 0.9**k) for k in (1, 2, 3)], abs=1e-12)


def test_adopt_s_first_form_moves_ten_times_as_far_at_first():
    now, then = (moves(ADOPT, [0.3, 0.3], lr=1e-2, form=form)[0][1] for form in ("present", "first published"))
    assert then == pytest.approx(10 * now, rel=1e-12)


def test_adopt_s_first_form_decays_on_its_first_call():
    arguments = dict(lr=1e-2, weight_decay=0.1, decoupled=True)
    assert moves(ADOPT, [0.3], **arguments)[0] == [0.0]
    assert moves(ADOPT, [0.3], form="first published", **arguments)[0][0] == pytest.approx(1e-3, rel=1e-12)


def test_padam_at_one_half_is_amsgrad_without_eps():
    gradients = [0.3, -1.0, 0.2, 0.05]
    half = moves(Padam, gradients, lr=1e-2, power=0.5, eps=0.0, weight_decay=0.0)[0]
    assert half == pytest.approx(moves(AMSGrad, gradients, lr=1e-2, eps=0.0)[0], rel=1e-12)


def test_eadam_keeps_its_eps():
    _, state = moves(EAdam, [0.0] * 10, eps=1e-8)
    assert float(state["exp_avg_sq"]) == pytest.approx(1e-8 * (1 - 0.999**10) / 1e-3, rel=1e-9)


def test_rmsprop_first_step_is_ten_rates():
    assert moves(RMSprop, [0.3], lr=1e-3)[0][0] == pytest.approx(1e-2, rel=1e-6)


def test_lion_moves_by_the_rate():
    assert moves(Lion, [1e-9, 5.0], lr=1e-3)[0] == pytest.approx([1e-3, 1e-3], rel=1e-9)


def test_the_old_mean_gives_a_larger_second_moment():
    torch.manual_seed(0)
    gradients = torch.randn(3000, dtype=torch.float64).tolist()
    arguments = dict(eps=0.0, betas=(0.9, 0.999))
    new, old = (moves(AdaBeliefVariant, gradients, residual=r, **arguments)[1] for r in ("new mean", "old mean"))
    assert float(old["exp_avg_var"] / new["exp_avg_var"]) == pytest.approx(1 / 0.81, rel=1e-9)


def test_an_inner_eps_that_is_not_kept_leaves_the_state_alone():
    _, none = moves(AdaBeliefVariant, [0.5] * 5, inner_eps="none")
    _, now = moves(AdaBeliefVariant, [0.5] * 5, inner_eps="this step")
    assert float(none["exp_avg_var"]) == float(now["exp_avg_var"])


def test_the_variants_defaults_are_the_papers_form():
    gradients = [0.3, -1.0, 0.0, 0.05]
    assert moves(AdaBeliefVariant, gradients, weight_decay=1e-2)[0] == moves(AdaBelief, gradients, weight_decay=1e-2)[0]
