"""CIFAR loaders: on small generated sets in both official layouts, and on the real ones where present."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import pickle
import urllib.error
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

torchvision = pytest.importorskip("torchvision")

from data import cifar  # noqa: E402
from data.cifar import CIFAR10, CIFAR100, CONTENT, load_cifar  # noqa: E402
from data.cifar_layouts import CifarFile, CifarSpec  # noqa: E402
from data.errors import DataError  # noqa: E402

SPECS = {"cifar10": CIFAR10, "cifar100": CIFAR100}
RECORDS = 6


def small(spec: CifarSpec) -> CifarSpec:
    """The same layouts with six records a file; no md5 known yet."""

    def shorten(layout):
        cut = [tuple(CifarFile(file.name, RECORDS, "") for file in part) for part in (layout.train, layout.test)]
        return dataclasses.replace(layout, train=cut[0], test=cut[1])

    return dataclasses.replace(spec, binary=shorten(spec.binary), python=shorten(spec.python))


def with_md5s(spec: CifarSpec, which: str, root: Path) -> CifarSpec:
    """Take the files now below `root` for the official ones."""
    layout = getattr(spec, which)

    def with_md5(files):
        read = [(file, (root / layout.folder / file.name).read_bytes()) for file in files]
        return tuple(dataclasses.replace(file, md5=hashlib.md5(content).hexdigest()) for file, content in read)

    known = dataclasses.replace(layout, train=with_md5(layout.train), test=with_md5(layout.test))
    return dataclasses.replace(spec, **{which: known})


def draw_records(spec: CifarSpec, position: int) -> tuple[np.ndarray, np.ndarray]:
    """Planes (records, 3072) and label bytes (records, 1 or 2) of the file at `position`."""
    rng = np.random.default_rng(position)
    planes = rng.integers(0, 256, (RECORDS, 3072), dtype=np.uint8)
    return planes, np.stack([rng.integers(0, n, RECORDS, dtype=np.uint8) for n in spec.label_counts], axis=1)


def write_binary(spec: CifarSpec, root: Path) -> CifarSpec:
    folder = root / spec.binary.folder
    folder.mkdir(parents=True)
    for position, file in enumerate(spec.binary.train + spec.binary.test):
        planes, labels = draw_records(spec, position)
        (folder / file.name).write_bytes(np.concatenate([labels, planes], axis=1).tobytes())
    return with_md5s(spec, "binary", root)


def write_python(spec: CifarSpec, root: Path) -> CifarSpec:
    folder = root / spec.python.folder
    folder.mkdir(parents=True)
    for position, file in enumerate(spec.python.train + spec.python.test):
        planes, labels = draw_records(spec, position)
        entry = {"data": planes, spec.label_key: labels[:, -1].tolist()}
        (folder / file.name).write_bytes(pickle.dumps(entry, protocol=2))
    return with_md5s(spec, "python", root)


def everything_below(root: Path) -> list[Path]:
    return sorted(root.rglob("*"))


@pytest.fixture(params=SPECS)
def spec(request) -> CifarSpec:
    return small(SPECS[request.param])


@pytest.fixture
def offline(monkeypatch):
    """Every download fails, after having written something."""

    def fail(url, root, filename=None, md5=None):
        (Path(root) / filename).write_bytes(b"half")
        raise urllib.error.URLError("no network here")

    monkeypatch.setattr(torchvision.datasets.utils, "download_and_extract_archive", fail)


def test_binary_records_are_read_in_order(spec, tmp_path):
    data = load_cifar(write_binary(spec, tmp_path), tmp_path, download=False)
    files = [draw_records(spec, position) for position in range(len(spec.binary.train + spec.binary.test))]
    for split, part in ((data.train, files[:-1]), (data.test, files[-1:])):
        planes = np.concatenate([planes for planes, _ in part]).reshape(-1, 3, 32, 32)
        assert np.array_equal(split.pixels.numpy(), planes.transpose(0, 2, 3, 1))
        assert split.labels.tolist() == np.concatenate([labels for _, labels in part])[:, -1].tolist()
        assert split.pixels.is_contiguous() and split.labels.dtype == torch.int64
    assert (data.name, data.classes, data.flip) == (spec.name, spec.label_counts[-1], True)
    assert list(data.files) == [b.name for b in spec.binary.train + spec.binary.test]
    first = tmp_path / spec.binary.folder / spec.binary.train[0].name
    assert data.files[first.name] == hashlib.sha256(first.read_bytes()).hexdigest()


def test_both_layouts_are_the_same_data(spec, tmp_path):
    known = write_python(write_binary(spec, tmp_path / "a"), tmp_path / "b")
    binary, python = load_cifar(known, tmp_path / "a"), load_cifar(known, tmp_path / "b")
    assert binary.content == python.content
    assert torch.equal(binary.train.pixels, python.train.pixels)
    assert torch.equal(binary.test.labels, python.test.labels)
    assert binary.files.keys() != python.files.keys()


def test_the_content_hash_sees_pixels_labels_and_splits(tmp_path):
    spec = small(CIFAR10)
    content = load_cifar(write_binary(spec, tmp_path), tmp_path).content
    path = tmp_path / spec.binary.folder / "data_batch_3.bin"
    original = path.read_bytes()
    for place in (0, 5):  # a label, a pixel
        changed = bytearray(original)
        changed[place] = (changed[place] + 1) % 10
        path.write_bytes(changed)
        assert load_cifar(with_md5s(spec, "binary", tmp_path), tmp_path).content != content
    path.write_bytes(original)
    assert load_cifar(with_md5s(spec, "binary", tmp_path), tmp_path, pixels=16).content == content


def test_binary_is_preferred_and_a_complete_layout_beats_a_broken_one(tmp_path):
    known = write_python(write_binary(small(CIFAR10), tmp_path), tmp_path)
    assert "data_batch_1.bin" in load_cifar(known, tmp_path).files
    (tmp_path / known.binary.folder / "data_batch_2.bin").unlink()
    assert "data_batch_1" in load_cifar(known, tmp_path).files


def test_an_incomplete_folder_names_what_is_missing(tmp_path, offline):
    known = write_binary(small(CIFAR10), tmp_path)
    (tmp_path / known.binary.folder / "data_batch_2.bin").unlink()
    with pytest.raises(DataError, match=r"cifar-10-batches-bin lacks data_batch_2\.bin: add"):
        load_cifar(known, tmp_path)


def test_a_truncated_binary_file_is_refused(spec, tmp_path):
    known = write_binary(spec, tmp_path)
    path = tmp_path / spec.binary.folder / spec.binary.test[0].name
    path.write_bytes(path.read_bytes()[:-1])
    length = len(spec.label_counts) + 3072
    with pytest.raises(DataError, match=f"{path} has {6 * length - 1} bytes, expected {6 * length} "):
        load_cifar(known, tmp_path)


def test_a_label_out_of_range_is_refused(spec, tmp_path):
    known = write_binary(spec, tmp_path)
    path = tmp_path / spec.binary.folder / spec.binary.train[0].name
    content = bytearray(path.read_bytes())
    content[2 * (len(spec.label_counts) + 3072) + len(spec.label_counts) - 1] = spec.label_counts[-1]
    path.write_bytes(content)
    wrong = f"{path} has label {spec.label_counts[-1]} in record 2, expected 0 to {spec.label_counts[-1] - 1}"
    with pytest.raises(DataError, match=wrong):
        load_cifar(known, tmp_path)


def test_unofficial_binary_files_are_read_with_one_warning(spec, tmp_path):
    write_binary(spec, tmp_path)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        data = load_cifar(spec, tmp_path)
    assert len(caught) == 1 and "not the official" in str(caught[0].message)
    assert len(data.test) == RECORDS


class Trap:
    """Unpickling it makes the folder named in its file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_an_unknown_pickle_is_refused_unopened(spec, tmp_path):
    known = write_python(spec, tmp_path)
    assert len(load_cifar(known, tmp_path).test) == RECORDS
    sprung = tmp_path / "sprung"
    path = tmp_path / spec.python.folder / spec.python.train[0].name
    path.write_bytes(pickle.dumps(Trap(sprung)))
    with pytest.raises(DataError, match="a pickle can run any code, so only the official file is opened"):
        load_cifar(known, tmp_path)
    assert not sprung.exists()
    pickle.loads(path.read_bytes())
    assert sprung.exists()  # the trap is a real one


def test_a_failed_download_leaves_nothing_and_says_what_to_do(spec, tmp_path, offline):
    for root in (tmp_path, tmp_path / "new"):
        with pytest.raises(DataError) as caught:
            load_cifar(spec, root)
        message = str(caught.value)
        folders = [spec.binary.folder, spec.python.folder]
        for part in [str(root), *folders, "no network here", "DATA_ROOT", "data.root"]:
            assert part in message
        assert "\n" not in message
        assert everything_below(tmp_path) == []


def test_without_permission_nothing_is_downloaded(spec, tmp_path, offline):
    with pytest.raises(DataError, match=r"downloading is off.*DATA_ROOT"):
        load_cifar(spec, tmp_path / "new", download=False)
    assert everything_below(tmp_path) == []


def test_a_download_is_put_in_place_whole(spec, tmp_path, monkeypatch):
    calls = []

    def deliver(url, root, filename=None, md5=None):
        calls.append((url, md5))
        write_python(spec, Path(root))
        (Path(root) / filename).write_bytes(b"the archive itself")

    known = write_python(spec, tmp_path / "elsewhere")
    monkeypatch.setattr(torchvision.datasets.utils, "download_and_extract_archive", deliver)
    root = tmp_path / "root"
    assert len(load_cifar(known, root).test) == RECORDS
    assert [p.name for p in root.iterdir()] == [spec.python.folder]
    load_cifar(known, root)
    official = getattr(torchvision.datasets, spec.torchvision_class)
    assert calls == [(official.url, official.tgz_md5)]


def test_a_download_with_other_files_is_refused(spec, tmp_path, monkeypatch):
    def deliver(url, root, filename=None, md5=None):
        write_python(spec, Path(root))

    monkeypatch.setattr(torchvision.datasets.utils, "download_and_extract_archive", deliver)
    with pytest.raises(DataError, match="another md5"):
        load_cifar(spec, tmp_path / "root")
    assert everything_below(tmp_path) == []


def test_images_are_shrunk_by_area(tmp_path):
    known = write_binary(small(CIFAR10), tmp_path)
    whole, half = load_cifar(known, tmp_path), load_cifar(known, tmp_path, pixels=16)
    means = whole.train.pixels.view(-1, 16, 2, 16, 2, 3).double().mean((2, 4))
    assert torch.equal(half.train.pixels, torch.floor(means + 0.5).to(torch.uint8))
    assert half.train.pixels.is_contiguous()


@pytest.mark.parametrize("pixels", [0, -16, 12, 31])
def test_an_unfit_size_is_refused_before_anything_is_read(pixels, tmp_path):
    with pytest.raises(DataError, match=f"one of 1, 2, 4, 8, 16, 32 pixels, got {pixels}"):
        load_cifar(small(CIFAR10), tmp_path, pixels=pixels)


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_the_known_md5s_are_torchvisions(spec):
    source = getattr(torchvision.datasets, spec.torchvision_class)
    assert spec.python.folder == source.base_folder
    assert [[b.name, b.md5] for b in spec.python.train] == source.train_list
    assert [[b.name, b.md5] for b in spec.python.test] == source.test_list


@pytest.mark.parametrize("name", SPECS)
def test_the_real_images_are_the_official_ones(name):
    root = Path(os.environ.get("DATA_ROOT", Path(__file__).parents[2] / "data/raw"))
    spec = SPECS[name]
    if not any((root / layout.folder).is_dir() for layout in (spec.binary, spec.python)):
        pytest.skip(f"{name} is not under {root} (set DATA_ROOT to the folder that holds it)")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        data = getattr(cifar, name)(root, download=False)
    assert (len(data.train), len(data.test)) == (50_000, 10_000)
    assert data.content == CONTENT[name]
    assert torch.bincount(data.train.labels).tolist() == [50_000 // data.classes] * data.classes
    assert torch.bincount(data.test.labels).tolist() == [10_000 // data.classes] * data.classes
    if name == "cifar10":
        mean = data.train.pixels.to(torch.float32).view(-1, 3).mean(0, dtype=torch.float64)
        expected = torch.tensor([125.307, 122.950, 113.865], dtype=torch.float64)
        torch.testing.assert_close(mean, expected, rtol=0, atol=1e-3)


def test_enlarged_images_are_those_of_torchvision(tmp_path):
    """The official small GANs train on images that torchvision's Resize has doubled: the same bits."""
    known = write_binary(small(CIFAR10), tmp_path)
    plain, large = load_cifar(known, tmp_path).test.pixels, load_cifar(known, tmp_path, pixels=64).test.pixels
    resize = torchvision.transforms.Resize(64)
    for image, found in zip(plain.numpy(), large.numpy()):
        assert np.array_equal(np.asarray(resize(Image.fromarray(image))), found)
