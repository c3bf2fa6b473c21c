"""Distances between sets of features, and the network of the FID."""

import io
import urllib.request

import mpmath
import pytest
import torch
from PIL import Image
from pytorch_fid import inception
from torchvision.utils import save_image

from data.digits import digits
from experiments import spaces
from experiments.errors import Unscored
from experiments.fid import Running, Statistics, eight_bit, frechet, kernel_distance
from experiments.score import Score
from experiments.spaces import Inception, find_inception


def features(n, d, seed=0, shift=0.0):
    random = torch.Generator().manual_seed(seed)
    return (
        torch.randn((n, d), generator=random, dtype=torch.float64) @ torch.linspace(0.1, 2, d).double().diag() + shift
    )


def statistics(x, batch=None):
    running = Running()
    for part in x.split(batch or len(x)):
        running.add(part)
    return running.statistics()


def test_batches_of_features_give_the_statistics_of_all():
    x = features(500, 12, shift=1e4)  # a mean that would cost seven digits
    for batch in (7, 100, 500):
        found = statistics(x, batch)
        torch.testing.assert_close(found.mean, x.mean(0), rtol=1e-13, atol=0)
        torch.testing.assert_close(found.covariance, torch.cov(x.T), rtol=1e-10, atol=1e-10)
        assert found.count == 500


@pytest.mark.parametrize("n", [200, 5], ids=["full rank", "rank 4"])
def test_the_distance_is_the_formulas_in_fifty_digits(n):
    a, b = statistics(features(n, 8)), statistics(features(n, 8, 1, 0.3))
    with mpmath.workdps(50):
        one, other = (mpmath.matrix(s.covariance.tolist()) for s in (a, b))
        roots = mpmath.eig(one * other, left=False, right=False)
        trace = sum(mpmath.sqrt(max(mpmath.re(value), 0)) for value in roots)
        expected = float(
            sum(v * v for v in (a.mean - b.mean).tolist()) + sum(one[i, i] + other[i, i] for i in range(8))
        )
        expected -= 2 * float(trace)
    assert frechet(a, b) == pytest.approx(expected, rel=1e-6)
    assert frechet(b, a) == pytest.approx(expected, rel=1e-6)


def test_gaussians_on_the_axes_have_the_distance_of_their_deviations():
    one, other = (
        Statistics(torch.zeros(3).double(), torch.tensor(v).double().diag(), 9) for v in ([1, 4, 9], [4, 4, 0])
    )
    assert frechet(one, other) == pytest.approx(1 + 0 + 9)


@pytest.mark.parametrize("n", [300, 10])
def test_a_set_has_no_distance_to_itself(n):
    s = statistics(features(n, 64))
    assert abs(frechet(s, s)) < 1e-9 * float(s.covariance.trace())


def test_two_images_are_the_fewest():
    with pytest.raises(ValueError, match="two images or more, got 1"):
        statistics(features(1, 3))


def test_the_kernel_distance_is_unbiased_and_sees_a_shift():
    same = kernel_distance(features(3000, 16), features(3000, 16, 1), subsets=30, size=500)
    other = kernel_distance(features(3000, 16), features(3000, 16, 1, 0.5), subsets=30, size=500)
    assert abs(same) < 0.01 < 0.1 < other


@pytest.mark.parametrize("stretch", [False, True])
def test_eight_bits_are_those_of_a_png(stretch):
    images = torch.rand(4, 3, 9, 9, generator=torch.Generator().manual_seed(0)) * 1.4 - 0.8
    found = eight_bit(images.clamp(-1, 1), stretch)
    for image, ours in zip(images.clamp(-1, 1), found):
        shown = (image - image.min()) / (image.max() - image.min() + 1e-5) if stretch else (image + 1) / 2
        buffer = io.BytesIO()
        save_image(shown, buffer, format="png")
        read = torch.tensor(list(Image.open(buffer).tobytes()), dtype=torch.uint8).view(9, 9, 3).permute(2, 0, 1)
        assert torch.equal(read, ours)


def test_real_pixels_come_back_from_the_scale_of_the_generator():
    pixels = torch.arange(256, dtype=torch.uint8).view(1, 1, 16, 16)
    assert torch.equal(eight_bit(pixels.float().div(255).mul(2).sub(1)), pixels)


def test_an_absent_network_is_said_in_one_sentence(monkeypatch, tmp_path):
    monkeypatch.setenv("DATA_ROOT", str(tmp_path))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "hub"))

    def refuse(*args, **kwargs):
        raise OSError("no route")

    monkeypatch.setattr(urllib.request, "urlopen", refuse)
    with pytest.raises(Unscored, match=r"could not be downloaded \(no route\): put https://github.com/mseitzer"):
        find_inception()
    assert not list(tmp_path.iterdir())


def test_folded_batch_norm_gives_the_features_of_pytorch_fid(monkeypatch, tmp_path):
    with monkeypatch.context() as patch:  # random weights, as nobody loads any
        patch.setattr(torch.nn.Module, "load_state_dict", lambda *_, **__: None)
        patch.setattr(inception, "load_state_dict_from_url", lambda *_, **__: {})
        weights = inception.fid_inception_v3().state_dict()
    path = tmp_path / spaces.INCEPTION
    torch.save(weights, path)
    ours = Inception("cpu", path, check="")
    monkeypatch.setattr(inception, "load_state_dict_from_url", lambda *_, **__: weights)
    theirs = inception.InceptionV3([3]).eval()
    images = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected = theirs(images)[0].flatten(1)
    assert expected.shape == (2, 2048)
    torch.testing.assert_close(ours(images), expected, rtol=1e-3, atol=1e-4 * float(expected.abs().max()))


@pytest.mark.parametrize("words", [{"space": "x"}, {"fakes": 1}, {"stretch": True, "quantise": False}])
def test_a_score_that_makes_no_sense_is_refused(words):
    usual = dict(space="pixels", fakes=10, reals="train", stretch=False, quantise=True)
    with pytest.raises(ValueError):
        Score(digits(8), device="cpu", **{**usual, **words})


def test_another_file_never_passes_for_the_network(tmp_path, monkeypatch):
    path = tmp_path / spaces.INCEPTION
    torch.save({}, path)
    monkeypatch.setattr(torch, "load", lambda *a, **k: pytest.fail("it was opened"))
    with pytest.raises(Unscored, match="is not the Inception network of the FID: its sha256 begins with"):
        Inception("cpu", path)
