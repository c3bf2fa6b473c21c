"""The ways of running a rule agree, compile once, and read nothing from a device."""

import gc
import os
import subprocess
import sys
import warnings
import weakref
from pathlib import Path

import pytest
import torch
from torch._subclasses import FakeTensorMode

from optimizers import SGD, AdaBelief, RAdam, base
from optimizers.backends import c_compiler, c_kernel
from optimizers.backends.c_kernel import CHUNK, cached_kernel, share_memory_layout
from optimizers.backends.inductor import CompiledGraph
from optimizers.base import RuleOptimizer
from tests.optimizers.cases import EVERY

ROOT = Path(__file__).parent.parent.parent
TOLERANCE = {torch.float64: 1e-10, torch.float32: 2e-5, torch.bfloat16: 2e-2, torch.float16: 2e-3}
LINES_AND_CHUNKS = [(2 * CHUNK + 5,), (CHUNK,), (33,), (16,), (3, 5, 2, 2), (0,), ()]


def train_steps(name, mode, dtype, shapes=LINES_AND_CHUNKS, steps=7, late=None, rates=None, layout=lambda t: t):
    """Parameters and optimizer after some steps; parameter `late` has no gradient in the first three."""
    generator = torch.Generator().manual_seed(0)
    params = [torch.nn.Parameter(layout(torch.randn(shape, generator=generator).to(dtype))) for shape in shapes]
    cls, arguments = EVERY[name]
    optimizer = cls(params, mode=mode, **arguments)
    for step in range(steps):
        for index, p in enumerate(params):
            g = torch.randn(p.shape, generator=generator) * 10.0 ** (index % 5 - 2)
            p.grad = None if index == late and step < 3 else g.to(dtype)
        for group in optimizer.param_groups if rates else ():
            group["lr"] = rates[step]
        optimizer.step()
    return [p.detach() for p in params], optimizer


@pytest.mark.parametrize("late", [None, 0])
@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("mode", ["foreach", "compiled", "capturable"])
@pytest.mark.parametrize("name", EVERY)
def test_every_mode_agrees_with_loop(name, mode, dtype, late):
    expected, _ = train_steps(name, "loop", dtype, late=late)
    got, _ = train_steps(name, mode, dtype, late=late)
    torch.testing.assert_close(got, expected, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype], equal_nan=True)


@pytest.mark.parametrize("name", ["AdaBelief", "Fromage"])
def test_the_number_of_threads_changes_no_bit(name):
    results = []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        results.append(train_steps(name, "compiled", torch.float32)[0])
    assert all(map(torch.equal, *results))


LAYOUTS = {
    "channels last": lambda t: t.contiguous(memory_format=torch.channels_last) if t.dim() == 4 else t,
    "transposed": lambda t: t.mT.contiguous().mT if t.dim() >= 2 else t,
    "with gaps": lambda t: torch.stack([t, t], -1).flatten()[::2] if t.dim() == 1 else t,
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("mode", ["foreach", "compiled", "capturable"])
def test_memory_layouts_do_not_matter(mode, layout):
    expected, _ = train_steps("AdaBelief", "loop", torch.float64)
    got, _ = train_steps("AdaBelief", mode, torch.float64, layout=LAYOUTS[layout])
    torch.testing.assert_close(got, expected, rtol=1e-10, atol=1e-10)


def test_only_tensors_of_one_layout_without_gaps_share_a_c_loop():
    t = torch.zeros(2, 3, 4, 5)
    last = t.contiguous(memory_format=torch.channels_last)
    assert share_memory_layout((t, t)) and share_memory_layout((last, last)) and share_memory_layout((t.mT, t.mT))
    assert not share_memory_layout((t, last))
    assert not share_memory_layout((t[:, ::2], t[:, ::2])) and not share_memory_layout((t[..., :2], t[..., :2]))


@pytest.mark.parametrize("name", EVERY)
def test_inf_and_nan_spread_as_in_loop(name):
    outcomes = []
    for mode in ("loop", "compiled"):
        cls, arguments = EVERY[name]
        p = torch.nn.Parameter(torch.ones(6, dtype=torch.float64))
        optimizer = cls([p], mode=mode, **arguments)
        for step in range(4):
            p.grad = torch.full((6,), 0.1 * (step + 1), dtype=torch.float64)
            p.grad[step] = [float("nan"), float("inf"), -float("inf"), 0.0][step]
            optimizer.step()
        outcomes.append(p.detach())
    torch.testing.assert_close(*outcomes, equal_nan=True, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("name", EVERY)
def test_new_steps_and_rates_compile_nothing(name, monkeypatch):
    train_steps(name, "compiled", torch.float32, shapes=[(5,)], steps=12)
    monkeypatch.setattr(c_kernel, "load_library", None)  # whatever would compile now, fails
    train_steps(
        name, "compiled", torch.float32, shapes=[(4, 3)], steps=60, rates=[1e-3 / (1 + step) for step in range(60)]
    )


@pytest.mark.parametrize("mode", ["loop", "foreach", "capturable"])
@pytest.mark.parametrize("name", EVERY)
def test_a_step_reads_no_tensor(name, mode):
    """A fake tensor has no numbers: reading one, which would wait for a GPU, fails."""
    with FakeTensorMode():
        train_steps(name, mode, torch.float32, shapes=[(4, 3), (5,)], steps=8, late=1)


@pytest.mark.parametrize("name, phases", [("AdaBelief", 1), ("RAdam", 2), ("ADOPT", 3)])
def test_torch_compile_takes_an_update_whole_and_once_for_each_phase(name, phases):
    from torch._dynamo.testing import CompileCounter

    torch._dynamo.reset()
    counter = CompileCounter()
    cls, arguments = EVERY[name]
    params, plain = ([torch.nn.Parameter(torch.ones(4, 3, dtype=torch.float64))] for _ in range(2))
    optimizer, reference = cls(params, mode="capturable", **arguments), cls(plain, mode="loop", **arguments)
    update = torch.compile(optimizer.update, fullgraph=True, backend=counter)
    for step in range(30):
        for p in (*params, *plain):
            p.grad = torch.full((4, 3), 0.1 * (step % 7), dtype=torch.float64)
        for group in (*optimizer.param_groups, *reference.param_groups):
            group["lr"] = 1e-3 / (1 + step)
        optimizer.advance()
        update()
        reference.step()
    assert counter.frame_count == phases
    torch.testing.assert_close(params[0], plain[0], rtol=1e-10, atol=1e-10)


def test_torch_compile_around_a_whole_step_compiles_nothing_of_it():
    from torch._dynamo.testing import CompileCounter

    torch._dynamo.reset()
    counter = CompileCounter()
    p = torch.nn.Parameter(torch.ones(3))
    optimizer = AdaBelief([p], mode="foreach")

    @torch.compile(backend=counter)
    def step(x):
        loss = (p * x).sum()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()

    for _ in range(20):
        step(torch.ones(3))
    assert counter.frame_count <= 2 and optimizer.state[p]["step"] == 20


def test_the_compiled_graph_agrees_with_loop():
    check_graph("AdaBelief", torch.float64)


@pytest.mark.thorough
@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
@pytest.mark.parametrize("name", EVERY)
def test_the_compiled_graph_agrees_with_loop_for_every_rule(name, dtype):
    check_graph(name, dtype)


def check_graph(name, dtype):
    """Mode compiled on another device, acted out on the CPU: the step's rates in tensors, the update by inductor."""
    cls, arguments = EVERY[name]
    torch.manual_seed(0)
    params = [torch.nn.Parameter(torch.randn(shape).to(dtype)) for shape in [(4, 3), (5,)]]
    twins = [torch.nn.Parameter(p.detach().clone()) for p in params]
    optimizer, reference, graphs = cls(params, mode="capturable", **arguments), cls(twins, mode="loop", **arguments), {}
    for step in range(8):
        for p, twin in zip(params, twins):
            p.grad = torch.randn(p.shape).to(dtype)
            twin.grad = p.grad.clone()
        for group in (*optimizer.param_groups, *reference.param_groups):
            group["lr"] /= 1 + step
        phase = optimizer.advance()
        (bucket,) = optimizer._buckets
        with torch.no_grad():
            if phase not in graphs:
                graphs[phase] = CompiledGraph(cls.rule, bucket.tensor_lists, bucket.constants, bucket.step_scalars)
            graphs[phase](bucket.tensor_lists, bucket.step_scalars)
        reference.step()
    torch.testing.assert_close(params, twins, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])


def test_without_a_c_compiler_a_step_runs_as_foreach_and_one_line_says_so(monkeypatch):
    monkeypatch.setattr(base, "find_compiler", lambda: None)
    with pytest.warns(UserWarning, match="no C compiler is found: AdaBelief runs as foreach, several times slower"):
        _, optimizer = train_steps("AdaBelief", "auto", torch.float32)
    assert optimizer.mode == "foreach"


def test_a_compiler_that_fails_is_named_and_nothing_is_lost(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(c_compiler, "find_compiler", lambda: "/bin/false")
    c_compiler.cache_folder.cache_clear()
    cached_kernel.cache_clear()
    expected, _ = train_steps("AdaBelief", "foreach", torch.float32)
    with pytest.warns(UserWarning, match="/bin/false failed: no message: AdaBelief runs as foreach"):
        got, _ = train_steps("AdaBelief", "compiled", torch.float32)
    c_compiler.cache_folder.cache_clear()
    assert all(map(torch.equal, got, expected)) and not list(tmp_path.rglob("*.so"))


def test_a_damaged_library_is_built_again(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    code = (
        "import torch; from optimizers import SGD; p = torch.nn.Parameter(torch.ones(1)); p.grad = torch.ones(1);"
        "SGD([p], lr=0.25, mode='compiled').step(); print(p.item())"
    )
    for _ in range(2):
        done = subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=ROOT, env=dict(os.environ),
                              capture_output=True, text=True)  # fmt: skip
        assert done.stdout == "0.75\n", done.stderr
        (library,) = tmp_path.rglob("*.so")
        library.write_bytes(b"cut off")


def test_a_cache_that_cannot_be_written_is_done_without(monkeypatch, tmp_path):
    blocked = tmp_path / "file"
    blocked.touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    c_compiler.cache_folder.cache_clear()
    cached_kernel.cache_clear()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        train_steps("AdaBelief", "compiled", torch.float32)
    c_compiler.cache_folder.cache_clear()


def test_a_rule_that_cannot_be_written_in_c_runs_as_foreach():
    def erf_descent(p, g, *, step_size):
        p.sub_(g.erf().mul_(step_size))

    class ErfDescent(RuleOptimizer):
        rule = staticmethod(erf_descent)
        scalars = staticmethod(lambda t, lr: {"step_size": lr})

    p = torch.nn.Parameter(torch.ones(3))
    p.grad = torch.ones(3)
    optimizer = ErfDescent([p], {"lr": 0.5})
    with pytest.warns(UserWarning, match="there is no C for the method 'erf': ErfDescent runs as foreach"):
        optimizer.step()
    torch.testing.assert_close(p.detach(), 1 - 0.5 * torch.erf(torch.ones(3)))


@pytest.mark.parametrize("mode", ["loop", "foreach", "compiled", "capturable"])
def test_a_step_keeps_no_gradient_alive(mode):
    p = torch.nn.Parameter(torch.ones(3))
    optimizer = AdaBelief([p], mode=mode)
    p.grad = torch.ones(3)
    gradient = weakref.ref(p.grad)
    optimizer.step()
    optimizer.zero_grad()
    gc.collect()
    assert gradient() is None


def test_subclasses_of_tensors_run_as_foreach():
    class Marked(torch.Tensor):
        pass

    p = torch.nn.Parameter(torch.ones(3).as_subclass(Marked))
    p.grad = torch.ones(3)
    optimizer = SGD([p], lr=0.25)
    with pytest.warns(UserWarning, match="there is no C for subclasses of tensors: SGD runs as foreach"):
        optimizer.step()
    assert p.tolist() == [0.75] * 3


def test_auto_is_compiled_where_a_compiler_is_found():
    expected = "compiled" if c_compiler.find_compiler() else "foreach"
    assert SGD([torch.nn.Parameter(torch.ones(1))], lr=0.1).mode == expected


def optimizer_on_gpu(cls, mode, **arguments):
    torch.manual_seed(0)
    params = [torch.nn.Parameter(torch.randn(shape, device="cuda")) for shape in [(64, 3), (5,)]]
    for p in params:
        p.grad = torch.randn_like(p)
    return params, cls(params, mode=mode, **arguments)


@pytest.mark.gpu
@pytest.mark.parametrize("mode", ["foreach", "compiled", "capturable"])
@pytest.mark.parametrize("name", EVERY)
def test_on_a_gpu_every_mode_agrees_with_loop(name, mode):
    cls, arguments = EVERY[name]
    results = []
    for each in ("loop", mode):
        params, optimizer = optimizer_on_gpu(cls, each, **arguments)
        for step in range(8):
            for group in optimizer.param_groups:
                group["lr"] /= 1 + step
            optimizer.step()
        results.append([p.detach() for p in params])
    torch.testing.assert_close(*results, rtol=2e-5, atol=2e-5)


@pytest.mark.gpu
@pytest.mark.parametrize("mode", ["loop", "foreach", "compiled", "capturable"])
@pytest.mark.parametrize("name", EVERY)
def test_on_a_gpu_a_step_waits_for_nothing(name, mode):
    cls, arguments = EVERY[name]
    _, optimizer = optimizer_on_gpu(cls, mode, **arguments)
    optimizer.step()
    torch.cuda.set_sync_debug_mode("error")
    try:
        optimizer.step()
    finally:
        torch.cuda.set_sync_debug_mode("default")


@pytest.mark.gpu
def test_a_cuda_graph_follows_counts_rates_and_phases():
    plain, reference = optimizer_on_gpu(RAdam, "loop", lr=1e-2)
    params, optimizer = optimizer_on_gpu(RAdam, "capturable", lr=1e-2)
    graphs: dict = {}
    for step in range(12):
        for each in (optimizer, reference):
            each.param_groups[0]["lr"] = 1e-2 / (1 + step)
        reference.step()
        phase = optimizer.advance()
        if phase not in graphs:
            graphs[phase] = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graphs[phase]):
                optimizer.update()
        graphs[phase].replay()
    torch.testing.assert_close(params, plain, rtol=2e-5, atol=2e-5)


@pytest.mark.gpu
def test_a_whole_step_cannot_be_captured_by_mistake():
    _, optimizer = optimizer_on_gpu(AdaBelief, "capturable")
    optimizer.step()
    with pytest.raises(RuntimeError, match="capture update"), torch.cuda.graph(torch.cuda.CUDAGraph()):
        optimizer.step()
