"""Distances between sets of features, and the network of the FID."""

import hashlib
import http.client
import io
import json
import os
import re
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import mpmath
import pytest
import torch
from PIL import Image
from pytorch_fid import inception
from torchvision.utils import save_image

from data.cifar import cifar10
from data.digits import digits
from data.errors import DataError
from experiments.config.errors import MetricUnavailable
from experiments.metrics import feature_spaces
from experiments.metrics.feature_spaces import Classifier, Inception, find_inception
from experiments.metrics.frechet import (
    FeatureStatistics,
    RunningStatistics,
    frechet_distance,
    further_scores,
    to_eight_bit,
)
from experiments.metrics.generator_score import Score
from tests.answer import Answer


def features(n, d, seed=0, shift=0.0):
    random = torch.Generator().manual_seed(seed)
    return (
        torch.randn((n, d), generator=random, dtype=torch.float64) @ torch.linspace(0.1, 2, d).double().diag() + shift
    )


def statistics(x, batch=None):
    running = RunningStatistics()
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
    assert frechet_distance(a, b) == pytest.approx(expected, rel=1e-6)
    assert frechet_distance(b, a) == pytest.approx(expected, rel=1e-6)


def test_gaussians_on_the_axes_have_the_distance_of_their_deviations():
    one, other = (
        FeatureStatistics(torch.zeros(3).double(), torch.tensor(v).double().diag(), 9) for v in ([1, 4, 9], [4, 4, 0])
    )
    assert frechet_distance(one, other) == pytest.approx(1 + 0 + 9)


@pytest.mark.parametrize("n", [300, 10])
def test_a_set_has_no_distance_to_itself(n):
    s = statistics(features(n, 64))
    assert abs(frechet_distance(s, s)) < 1e-9 * float(s.covariance.trace())


def test_two_images_are_the_fewest():
    with pytest.raises(ValueError, match="two images or more, got 1"):
        statistics(features(1, 3))


def test_further_scores_see_a_shift_and_a_collapse():
    reals = features(1500, 16).float()
    same = further_scores(features(1500, 16, 1).float(), reals)
    shifted = further_scores(features(1500, 16, 1, 3.0).float(), reals)
    one_point = further_scores(reals[:1].expand(1500, 16) + 1e-3 * features(1500, 16, 2).float(), reals)
    assert abs(same["kernel"]) < 0.02 < 0.2 < shifted["kernel"]
    assert same["precision"] > 0.5 and same["recall"] > 0.5 and shifted["precision"] < 0.2
    assert one_point["precision"] > 0.5 and one_point["recall"] < 0.1  # no variety


def test_the_inception_score_is_the_number_of_classes_told_apart():
    logits = 50.0 * torch.eye(4).repeat(250, 1)
    assert further_scores(features(50, 3).float(), features(50, 3, 1).float(), logits)["inception_score"] == (
        pytest.approx(4, abs=0.1)
    )


@pytest.mark.parametrize("stretch", [False, True])
def test_eight_bits_are_those_of_a_png(stretch):
    images = torch.rand(4, 3, 9, 9, generator=torch.Generator().manual_seed(0)) * 1.4 - 0.8
    found = to_eight_bit(images.clamp(-1, 1), stretch)
    for image, ours in zip(images.clamp(-1, 1), found):
        shown = (image - image.min()) / (image.max() - image.min() + 1e-5) if stretch else (image + 1) / 2
        buffer = io.BytesIO()
        save_image(shown, buffer, format="png")
        read = torch.tensor(list(Image.open(buffer).tobytes()), dtype=torch.uint8).view(9, 9, 3).permute(2, 0, 1)
        assert torch.equal(read, ours)


def test_real_pixels_come_back_from_the_scale_of_the_generator():
    pixels = torch.arange(256, dtype=torch.uint8).view(1, 1, 16, 16)
    assert torch.equal(to_eight_bit(pixels.float().div(255).mul(2).sub(1)), pixels)


def test_an_absent_network_is_said_in_one_sentence(monkeypatch, tmp_path):
    monkeypatch.setenv("DATA_ROOT", str(tmp_path))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "hub"))

    def refuse(*args, **kwargs):
        raise OSError("no route")

    monkeypatch.setattr(urllib.request, "urlopen", refuse)
    with pytest.raises(
        MetricUnavailable, match=r"could not be downloaded \(no route\): put https://github.com/mseitzer"
    ):
        find_inception()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("answer, message", [
    (http.client.IncompleteRead(b"", 95_628_359), "could not be downloaded (IncompleteRead"),
    (b"<html>", "its sha256 begins with"),
])  # fmt: skip
def test_a_download_that_is_cut_off_or_another_file_leaves_nothing(monkeypatch, tmp_path, answer, message):
    monkeypatch.setenv("DATA_ROOT", str(tmp_path))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "hub"))
    monkeypatch.setattr(urllib.request, "urlopen", lambda *_, **__: Answer(answer))
    with pytest.raises(MetricUnavailable, match=re.escape(message)):
        find_inception()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_runs_side_by_side_download_the_network_once(monkeypatch, tmp_path):
    """Without a lock all of them did, each into the same part, and some ended "could not be downloaded"."""
    monkeypatch.setenv("DATA_ROOT", str(tmp_path / "data"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "hub"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    content, asked = b"weights", []
    monkeypatch.setattr(feature_spaces, "SHA256", hashlib.sha256(content).hexdigest()[:8])

    def slowly(*_, **__):
        asked.append(1)
        time.sleep(0.2)
        return Answer(content)

    monkeypatch.setattr(urllib.request, "urlopen", slowly)
    with ThreadPoolExecutor(4) as pool:
        found = [pool.submit(find_inception) for _ in range(4)]
        paths = {future.result() for future in found}
    assert len(paths) == 1 and paths.pop().read_bytes() == content and len(asked) == 1


def test_who_trains_without_the_network_is_told_before(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("DATA_ROOT", str(tmp_path))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "hub"))
    feature_spaces.warn_if_absent.cache_clear()
    for _ in range(2):
        Score(digits(8), device="cpu", space="inception", fakes=10, reals="train", stretch=False, quantise=True)
    assert capsys.readouterr().out.count("the Inception network of the FID is not here yet") == 1


def test_folded_batch_norm_gives_the_features_of_pytorch_fid(monkeypatch, tmp_path):
    with monkeypatch.context() as patch:  # random weights, as nobody loads any
        patch.setattr(torch.nn.Module, "load_state_dict", lambda *_, **__: None)
        patch.setattr(inception, "load_state_dict_from_url", lambda *_, **__: {})
        weights = inception.fid_inception_v3().state_dict()
    path = tmp_path / feature_spaces.INCEPTION
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
    path = tmp_path / feature_spaces.INCEPTION
    torch.save({}, path)
    monkeypatch.setattr(torch, "load", lambda *a, **k: pytest.fail("it was opened"))
    with pytest.raises(MetricUnavailable, match="is not the Inception network of the FID: its sha256 begins with"):
        Inception("cpu", path)


def test_the_classifiers_distance_is_named_after_its_file():
    digest = hashlib.sha256(feature_spaces.CLASSIFIER.read_bytes()).hexdigest()
    assert Classifier.distance() == f"frechet_vgg11_{digest[:8]}"
    assert Classifier("cpu")(torch.rand(2, 3, 32, 32)).shape == (2, 128)
    with pytest.raises(ValueError, match="images of 32 pixels, got 64"):
        Classifier("cpu")(torch.rand(2, 3, 64, 64))


def test_the_committed_classifier_reads_cifar():
    """Half precision costs it nothing."""
    try:
        test = cifar10(os.environ.get("DATA_ROOT", "data/raw"), download=False).test
    except DataError as missing:
        pytest.skip(str(missing))
    space = Classifier("cpu")
    features = torch.cat([space(p.permute(0, 3, 1, 2).float() / 255) for p in test.pixels.split(500)])
    found = space.network.classifier[-1](features).argmax(1)
    stated = json.loads(feature_spaces.CLASSIFIER.with_suffix(".json").read_text())["scores"]["final"]
    assert 100 * float((found == test.labels).float().mean()) == pytest.approx(stated, abs=0.05)
