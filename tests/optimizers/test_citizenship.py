"""Every optimizer is an ordinary torch optimizer: groups, states, closures, schedules, precision, bad arguments."""

import copy
import io
from pathlib import Path

import pytest
import torch

import optimizers
from optimizers import SGD, AdaBelief, AdaBeliefVariant, AdaBound, AdaDiffVariant, Adam, Yogi
from optimizers.__main__ import RULES, markdown_table
from optimizers.backends.eager import Tensors
from tests.optimizers.cases import EVERY

SHAPES = [(4, 3), (5,), (2, 2, 3, 3), ()]
MODES = ["loop", "foreach", "compiled", "capturable"]


def parameters(dtype=torch.float32):
    torch.manual_seed(0)
    params = [torch.nn.Parameter(torch.randn(shape).to(dtype)) for shape in SHAPES]
    with torch.no_grad():
        params[1].zero_()  # a zero tensor, as biases are at first
    return params


def train(params, optimizer, steps, first=0, late=None):
    """Step on gradients that depend on the step alone; parameter `late` gets its first gradient at step 3."""
    for step in range(first, first + steps):
        generator = torch.Generator().manual_seed(step)
        for index, p in enumerate(params):
            g = torch.randn(p.shape, generator=generator) * 10.0 ** (index - 2)
            p.grad = None if index == late and step < 3 else g.to(p.dtype)
        optimizer.step()
    return [p.detach().clone() for p in params]


def make(name, params, **more):
    cls, arguments = EVERY[name]
    return cls(params, **arguments, **more)


def same(a, b):
    return all(torch.equal(x, y) for x, y in zip(a, b))


@pytest.mark.parametrize("late", [None, 2])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("name", EVERY)
def test_loop_and_foreach_are_the_same_bits(name, dtype, late):
    results = []
    for mode in ("loop", "foreach"):
        params = parameters(dtype)
        results.append(train(params, make(name, params, mode=mode), 12, late=late))
    assert same(*results)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", EVERY)
def test_a_parameter_without_gradient_is_not_touched_and_those_after_it_are(name, mode):
    params = parameters()
    before = [p.detach().clone() for p in params]
    optimizer = make(name, params, mode=mode)
    train(params, optimizer, 3, late=2)
    assert torch.equal(params[2], before[2]) and params[2] not in optimizer.state
    assert not torch.equal(params[3], before[3])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", EVERY)
def test_a_late_gradient_counts_its_own_steps(name, mode):
    params = parameters()
    train(params, make(name, params, mode=mode), 6, late=2)
    alone = parameters()
    optimizer = make(name, alone[2:3], mode=mode)
    for step in range(3, 6):
        generator = torch.Generator().manual_seed(step)
        grads = [torch.randn(p.shape, generator=generator) * 10.0 ** (i - 2) for i, p in enumerate(alone)]
        alone[2].grad = grads[2]
        optimizer.step()
    assert torch.equal(alone[2], params[2])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("name", EVERY)
def test_a_state_dict_carries_everything(name, dtype, mode):
    straight = parameters(dtype)
    expected = train(straight, make(name, straight, mode=mode), 10)
    params = parameters(dtype)
    first = make(name, params, mode=mode)
    train(params, first, 5)
    buffer = io.BytesIO()
    torch.save(first.state_dict(), buffer)
    second = make(name, params, mode=mode)
    second.load_state_dict(torch.load(io.BytesIO(buffer.getvalue()), weights_only=True))
    assert same(train(params, second, 5, first=5), expected)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", EVERY)
def test_a_loaded_state_is_a_copy(name, mode):
    params, others = parameters(), parameters()
    first, second = make(name, params, mode=mode), make(name, others, mode=mode)
    train(params, first, 2)
    second.load_state_dict(first.state_dict())
    kept = copy.deepcopy(second.state_dict()["state"])
    train(params, first, 2, first=2)
    for state, before in zip(second.state_dict()["state"].values(), kept.values()):
        assert all(torch.equal(torch.as_tensor(state[key]), torch.as_tensor(before[key])) for key in before)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", EVERY)
def test_deepcopy_is_independent(name, mode):
    params = parameters()
    optimizer = make(name, params, mode=mode)
    train(params, optimizer, 3)
    twins, twin = copy.deepcopy((params, optimizer))
    assert same(train(params, optimizer, 3, first=3), train(twins, twin, 3, first=3))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", EVERY)
def test_half_precision_is_computed_in_float32(name, mode):
    params = parameters(torch.bfloat16)
    optimizer = make(name, params, mode=mode)
    train(params, optimizer, 3)
    for state in optimizer.state.values():
        assert all(v.dtype == torch.float32 for v in state.values() if torch.is_tensor(v))
    optimizer.load_state_dict(optimizer.state_dict())
    for state in optimizer.state.values():
        assert all(v.dtype == torch.float32 for v in state.values() if torch.is_tensor(v))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("name", EVERY)
def test_half_precision_is_float32_rounded_after_each_step(name, dtype, mode):
    """Tiny gradients and eps survive, only the parameter is rounded, and a reload in between changes nothing."""
    half = parameters(dtype)
    full = [torch.nn.Parameter(p.detach().float()) for p in half]
    optimizer, reference = make(name, half, mode=mode), make(name, full, mode=mode)
    for step in range(6):
        generator = torch.Generator().manual_seed(step)
        for index, (p, q) in enumerate(zip(half, full)):
            p.grad = (torch.randn(p.shape, generator=generator) * 10.0 ** (-2 * index)).to(dtype)
            q.grad = p.grad.float()
        optimizer.step()
        reference.step()
        with torch.no_grad():
            for q in full:
                q.copy_(q.to(dtype))
        if step == 2:
            loaded = make(name, half, mode=mode)
            loaded.load_state_dict(optimizer.state_dict())
            optimizer = loaded
    assert all(torch.equal(p.float(), q) for p, q in zip(half, full))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", EVERY)
def test_groups_are_optimizers_of_their_own(name, mode):
    cls, arguments = EVERY[name]
    params, alone = parameters(), parameters()
    joined = cls([{"params": params[:2], "lr": 3e-3}, {"params": params[2:]}], mode=mode, **arguments)
    parts = [cls(alone[:2], mode=mode, **{**arguments, "lr": 3e-3}), cls(alone[2:], mode=mode, **arguments)]
    train(params, joined, 4)
    for step in range(4):
        generator = torch.Generator().manual_seed(step)
        for index, p in enumerate(alone):
            p.grad = torch.randn(p.shape, generator=generator) * 10.0 ** (index - 2)
        for part in parts:
            part.step()
    assert same(params, alone)


def test_groups_have_their_own_hyperparameters_and_can_be_added():
    a, b = parameters(), parameters()
    optimizer = Adam([{"params": a, "lr": 0.0}], lr=1e-2)
    optimizer.add_param_group({"params": b, "lr": 1e-2})
    before = [p.detach().clone() for p in a]
    moved = train(a + b, optimizer, 2)
    assert same(moved[: len(a)], before) and not same(moved[len(a) :], before)


AS_ADAM = dict(lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0)
DEFAULTS = {  # of each method's own paper or code
    "AdaBelief": {**AS_ADAM, "decoupled": False},
    "AdaBeliefVariant": {**AS_ADAM, "decay": "coupled", "residual": "new mean", "inner_eps": "kept", "maximum": "none",
                         "rectify": "never"},
    "AdaBound": {**AS_ADAM, "final_lr": 0.1, "gamma": 1e-3, "amsbound": None, "base_lr": 1e-3, "decoupled": False},
    "AdaDiff": AS_ADAM,
    "AdaDiffVariant": {**AS_ADAM, "form": "ada3"},
    "Adam": {**AS_ADAM, "decoupled": False},
    "Adan": dict(lr=1e-3, betas=(0.98, 0.92, 0.99), eps=1e-8, weight_decay=0.02),
    "ADOPT": dict(lr=1e-3, betas=(0.9, 0.9999), eps=1e-6, weight_decay=0.0, decoupled=False, clip=0.25, form="present"),
    "AMSGrad": AS_ADAM,
    "EAdam": AS_ADAM,
    "Fromage": dict(lr=1e-2),
    "Lion": dict(lr=1e-4, betas=(0.9, 0.99), weight_decay=0.0),
    "MSVAG": dict(lr=1e-3, beta=0.9, weight_decay=0.0, decoupled=False, second_factor=None),
    "Padam": dict(lr=0.1, betas=(0.9, 0.999), eps=1e-8, power=0.125, weight_decay=5e-4),
    "RAdam": AS_ADAM,
    "RMSprop": dict(lr=1e-2, alpha=0.99, eps=1e-8, weight_decay=0.0),
    "SGD": dict(lr=0.3, momentum=0.0, nesterov=False, weight_decay=0.0, decoupled=False),
    "Yogi": dict(lr=1e-2, betas=(0.9, 0.999), eps=1e-3, weight_decay=0.0, initial_accumulator=1e-6, decoupled=False),
}  # fmt: skip


@pytest.mark.parametrize("name", DEFAULTS)
def test_defaults_are_the_method_s_own_and_the_mode_is_kept(name):
    more = {"lr": 0.3} if name == "SGD" else {}
    optimizer = getattr(optimizers, name)(parameters(), mode="loop", **more)
    (group,) = optimizer.param_groups
    assert {key: value for key, value in group.items() if key != "params"} == DEFAULTS[name]
    assert optimizer.mode == "loop" and set(DEFAULTS) == set(RULES)


@pytest.mark.parametrize("mode", MODES)
def test_betas_may_be_a_list(mode):
    """As a configuration file gives them."""
    listed, paired = parameters(), parameters()
    moved = train(listed, Adam(listed, betas=[0.8, 0.9], mode=mode), 3)
    assert same(moved, train(paired, Adam(paired, betas=(0.8, 0.9), mode=mode), 3))


def test_adabound_remembers_the_rate_of_each_group():
    optimizer = AdaBound([{"params": parameters(), "lr": 1e-2}], lr=1e-3)
    optimizer.add_param_group({"params": parameters()})
    optimizer.add_param_group({"params": parameters(), "base_lr": 1e-1})
    assert [group["base_lr"] for group in optimizer.param_groups] == [1e-2, 1e-3, 1e-1]


def test_a_closure_is_called_with_gradients_and_its_loss_returned():
    p = torch.nn.Parameter(torch.ones(3))
    optimizer = AdaBelief([p])

    def closure():
        optimizer.zero_grad()
        loss = p.square().sum()
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == 3.0 and not torch.equal(p, torch.ones(3))


def test_learning_rate_schedulers_work():
    p = torch.nn.Parameter(torch.ones(3))
    optimizer = SGD([p], lr=1.0)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1, 0.1)
    p.grad = torch.ones(3)
    optimizer.step()
    scheduler.step()
    optimizer.step()
    torch.testing.assert_close(p.detach(), torch.full((3,), -0.1))


@pytest.mark.parametrize("mode", MODES)
def test_a_grad_scaler_skips_a_step_whose_gradient_overflowed(mode):
    p = torch.nn.Parameter(torch.ones(3))
    optimizer, scaler = AdaBelief([p], mode=mode), torch.amp.GradScaler("cpu", init_scale=2.0)
    scaler.scale((p * float("inf")).sum()).backward()
    scaler.step(optimizer)
    scaler.update()
    assert torch.equal(p.detach(), torch.ones(3)) and not optimizer.state and scaler.get_scale() == 1.0


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", EVERY)
def test_sparse_gradients_are_refused(name, mode):
    p = torch.nn.Parameter(torch.ones(3))
    p.grad = torch.ones(3).to_sparse()
    with pytest.raises(RuntimeError, match=f"^{EVERY[name][0].__name__} does not support sparse gradients"):
        make(name, [p], mode=mode).step()


def test_complex_parameters_are_refused():
    p = torch.nn.Parameter(torch.ones(3, dtype=torch.complex64))
    p.grad = torch.ones_like(p)
    with pytest.raises(RuntimeError, match="Adam does not support complex parameters"):
        Adam([p]).step()


@pytest.mark.parametrize("cls, arguments, message", [
    (AdaBelief, dict(lr=-1e-3), "lr must be a finite number, zero or more, got -0.001"),
    (AdaBelief, dict(lr=float("nan")), "lr must be"),
    (AdaBelief, dict(lr="0.1"), "lr must be"),
    (AdaBelief, dict(eps=-1e-8), "eps must be a finite number, zero or more, got -1e-08"),
    (Adam, dict(betas=(0.9, 1.0)), r"betas must lie in \[0, 1\), got 1.0"),
    (Adam, dict(betas=(-0.1, 0.9)), r"betas must lie in \[0, 1\), got -0.1"),
    (Adam, dict(betas=(0.9,)), "betas must be 2 numbers"),
    (SGD, dict(lr=0.1, momentum=1.0), r"momentum must lie in \[0, 1\), got 1.0"),
    (EVERY["MSVAG"][0], dict(beta=1.0), r"beta must lie in \[0, 1\), got 1.0"),
    (Yogi, dict(initial_accumulator=-1.0), "initial_accumulator must be"),
    (Adam, dict(weight_decay=-1.0), "weight_decay must be"),
    (EVERY["ADOPT"][0], dict(form="new"), "^form must be one of present, first published, got 'new'$"),
    (AdaDiffVariant, dict(form="ada2"), "^form must be one of ada1, ada3, ada4, got 'ada2'$"),
    (AdaBeliefVariant, dict(rectify="1"), "^rectify must be one of never, 0.0.5, 0.2.1, 0.2.1 without SGD, got '1'$"),
    (SGD, dict(lr=0.1, nesterov=True), "^Nesterov's form needs a momentum, got momentum=0$"),
    (Adam, dict(mode="fast"), "mode must be one of auto, loop, foreach, compiled, capturable, got 'fast'"),
])  # fmt: skip
def test_bad_arguments_are_named_with_their_value(cls, arguments, message):
    with pytest.raises(ValueError, match=message):
        cls([torch.nn.Parameter(torch.ones(1))], **arguments)


def test_an_unknown_hyperparameter_of_a_group_is_refused():
    with pytest.raises(ValueError, match="unknown hyperparameter 'lrr'; Adam takes lr, betas"):
        Adam([{"params": [torch.nn.Parameter(torch.ones(1))], "lrr": 1.0}])


def test_an_unknown_argument_is_refused():
    with pytest.raises(TypeError, match="momentum"):
        AdaBelief([torch.nn.Parameter(torch.ones(1))], momentum=0.9)


def test_the_list_names_every_optimizer_with_its_state():
    rows = {row.split(" | ")[0].strip("| "): row for row in markdown_table().splitlines()[2:]}
    assert set(rows) == set(optimizers.__all__) - {"MuonAndRest"}  # two optimizers in one
    assert markdown_table() in (Path(__file__).parents[2] / "README.md").read_text()
    assert "exp_avg, exp_avg_var | 8" in rows["AdaBelief"] and "| - | 0 |" in rows["Fromage"]


def test_tensors_fall_back_to_one_call_per_tensor():
    ts = Tensors([torch.tensor([float("nan"), 1.0]), torch.tensor([2.0])])
    assert ts.nan_to_num_(0.0) is ts and torch.equal(ts[0], torch.tensor([0.0, 1.0]))


def test_a_state_from_before_a_hyperparameter_was_there_loads_with_its_default():
    optimizer = optimizers.SGD(parameters(), lr=0.1, momentum=0.9)
    state = optimizer.state_dict()
    del state["param_groups"][0]["decoupled"]
    optimizer.load_state_dict(state)
    assert optimizer.param_groups[0]["decoupled"] is False and "differentiable" not in optimizer.param_groups[0]
