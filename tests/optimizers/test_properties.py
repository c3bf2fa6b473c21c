"""Properties that hold for every optimizer on whatever Hypothesis thinks of: shapes, layouts, dtypes, missing, late,
zero and huge gradients."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.optimizers.cases import EVERY

SHAPES = st.sampled_from([(), (1,), (7,), (3, 4), (2, 3, 2, 2), (0,)])
LAYOUTS = st.sampled_from(["plain", "transposed", "channels last", "every other"])
DTYPES = st.sampled_from([torch.float32, torch.float64, torch.bfloat16, torch.float16])
TOLERANCE = {torch.float32: 1e-5, torch.float64: 1e-10, torch.bfloat16: 1e-2, torch.float16: 1e-2}
SCALES = st.sampled_from([0.0, 1e-20, 1e-3, 1.0, 1e4])
GRADIENTS = st.lists(st.one_of(st.none(), SCALES), min_size=4, max_size=4)  # by step; None: no gradient
PARAMETERS = st.lists(st.tuples(SHAPES, LAYOUTS, DTYPES, GRADIENTS), min_size=1, max_size=4)


def laid_out(values, layout):
    """The same values in another memory layout."""
    if layout == "transposed" and values.dim() >= 2:
        return values.transpose(0, 1).contiguous().transpose(0, 1)
    if layout == "channels last" and values.dim() == 4:
        return values.contiguous(memory_format=torch.channels_last)
    if layout == "every other" and values.dim() == 1:
        return torch.stack([values, values], 1).flatten()[::2]
    return values


def random(shape, seed):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def run(name, described, mode, plain=False):
    """Parameters and states after four steps, and which parameters never had a gradient."""
    cls, arguments = EVERY[name]
    params = [
        torch.nn.Parameter(laid_out(random(shape, i).to(dtype), "plain" if plain else layout))
        for i, (shape, layout, dtype, _) in enumerate(described)
    ]
    optimizer = cls([{"params": [p]} for p in params], mode=mode, **arguments)
    for step in range(4):
        for i, (p, (shape, _, dtype, scales)) in enumerate(zip(params, described)):
            scale = scales[step]
            p.grad = None if scale is None else (random(shape, 100 * step + i) * scale).to(dtype)
        optimizer.step()
    return params, optimizer


def equal(a, b):
    return torch.equal(torch.nan_to_num(a.detach()), torch.nan_to_num(b.detach()))


@pytest.mark.parametrize("name", EVERY)
@settings(max_examples=15, deadline=None, derandomize=True)
@given(described=PARAMETERS)
def test_the_ways_of_running_agree_and_layouts_do_not_matter(name, described):
    looped, _ = run(name, described, "loop")
    batched, optimizer = run(name, described, "foreach")
    plain, _ = run(name, described, "foreach", plain=True)
    compiled, _ = run(name, described, "compiled")
    assert all(equal(a, b) for a, b in zip(looped, batched))
    for a, b, c, (_, _, dtype, _) in zip(batched, plain, compiled, described):
        close = {"equal_nan": True, "rtol": TOLERANCE[dtype], "atol": TOLERANCE[dtype]}
        torch.testing.assert_close(a.detach(), b.detach(), **close)
        torch.testing.assert_close(a.detach(), c.detach(), **close)
    for i, (p, (shape, layout, dtype, scales)) in enumerate(zip(batched, described)):
        steps = sum(scale is not None for scale in scales)
        if steps == 0:  # no decay, no moments, no state
            assert equal(p, laid_out(random(shape, i).to(dtype), layout)) and p not in optimizer.state
        else:
            assert optimizer.state[p]["step"] == steps


@pytest.mark.parametrize("name", EVERY)
@settings(max_examples=10, deadline=None, derandomize=True)
@given(scales=st.lists(st.sampled_from([0.0, 1e-30, 1e-8, 1.0, 1e8]), min_size=1, max_size=6))
def test_finite_gradients_keep_parameters_finite(name, scales):
    cls, arguments = EVERY[name]
    p = torch.nn.Parameter(random((5,), 0))
    optimizer = cls([p], **arguments)
    for step, scale in enumerate(scales):
        p.grad = random((5,), step + 1) * scale
        optimizer.step()
    assert bool(p.detach().isfinite().all())
