"""Class folders, their check, and batches that do not depend on how many threads decode."""

import json
import os
import shutil
import time

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.datasets import ImageFolder
from torchvision.datasets.folder import IMG_EXTENSIONS

from data.class_folders import ENDINGS
from data.digits_jpeg import digits_jpeg
from data.errors import DataError
from data.imagenet import imagenet
from data.tiny_imagenet import tiny_imagenet
from tests.pictures import CLASSES, class_folders, picture, saved, turned


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def folder(tmp_path):
    return class_folders(tmp_path / "imagenet")


def load(root, **options):
    return imagenet(root, **{"pixels": 32, "classes": None, **options})


def generators():
    return torch.Generator().manual_seed(3), torch.Generator().manual_seed(4)


def epoch(data, batch_size=5):
    return list(data.training_images(data.train, batch_size, "cpu").epoch_batches(*generators()))


def same(a, b):
    return len(a) == len(b) and all(torch.equal(x, y) for one, other in zip(a, b) for x, y in zip(one, other))


def test_lists_what_imagefolder_lists(folder):
    data = load(folder)
    for split, images in (("train", data.train), ("val", data.test)):
        theirs = ImageFolder(folder / split).samples
        assert [(str(folder / name), label) for name, label in zip(images.names, images.labels.tolist())] == theirs
    assert data.classes == 3 and data.used == {"train": 12, "test": 6} and ENDINGS == IMG_EXTENSIONS


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_batches_are_the_same_bits_whatever_the_number_of_workers(folder, workers):
    alone, shared = load(folder, workers=0), load(folder, workers=workers)
    assert same(epoch(alone), epoch(shared))
    assert same(
        list(alone.evaluation_batches(alone.test, 4, "cpu")), list(shared.evaluation_batches(shared.test, 4, "cpu"))
    )


def test_an_epoch_shows_every_image_once_and_keeps_the_short_last_batch(folder):
    data = load(folder)
    batches = data.training_images(data.train, 5, "cpu").epoch_batches(*generators())
    assert len(batches) == 3 and [len(labels) for _, labels in batches] == [5, 5, 2]
    assert torch.cat([labels for _, labels in batches]).sort().values.tolist() == [0] * 4 + [1] * 4 + [2] * 4
    scoring = data.evaluation_batches(data.test, 4, "cpu")
    assert [tuple(images.shape) for images, _ in scoring] == [(4, 3, 32, 32), (2, 3, 32, 32)]
    assert torch.cat([labels for _, labels in scoring]).tolist() == data.test.labels.tolist()


def test_an_image_s_crop_depends_on_the_epoch_s_key_and_its_number_not_on_its_place(folder):
    data = load(folder)
    training = data.training_images(data.train, 12, "cpu")
    shuffled = torch.Generator().manual_seed(99)
    (one, _), (other, _) = (
        next(iter(training.epoch_batches(order, generators()[1]))) for order in (generators()[0], shuffled)
    )
    assert not torch.equal(one, other)
    assert sorted(image.sum().item() for image in one) == sorted(image.sum().item() for image in other)


def test_leaving_an_epoch_early_leaves_no_thread(folder):
    import threading

    data = load(folder, workers=2)
    next(iter(data.training_images(data.train, 2, "cpu").epoch_batches(*generators())))
    assert not [t for t in threading.enumerate() if t.name.startswith("decode")]


def test_decoding_threads_have_no_helpers(folder):
    """A team of torch's own for each of them would be hundreds of threads on a large machine."""
    data, before = load(folder, pixels=224, workers=2), torch.get_num_threads()
    torch.set_num_threads(4)
    try:
        torch.rand(64, 200, 200).flip(1)  # the caller's helpers
        batches = iter(data.training_images(data.train, 2, "cpu").epoch_batches(*generators()))
        threads = len(os.listdir("/proc/self/task"))
        for _ in range(3):
            next(batches)
        assert len(os.listdir("/proc/self/task")) <= threads + 2 and torch.get_num_threads() == 4
    finally:
        torch.set_num_threads(before)


BAD = {
    "empty.JPEG": b"",
    "cut.JPEG": saved(picture(40, 40))[:-30],
    "text.jpg": b"a list of labels",
    "cut.png": saved(picture(40, 40), "PNG")[:300],
}


@pytest.fixture
def spoilt(folder):
    for name, content in BAD.items():
        (folder / "train" / "n02" / name).write_bytes(content)
    return folder


def test_unreadable_files_are_named_in_one_report_and_refused(spoilt, capsys):
    with pytest.raises(DataError, match=r"4 of 22 images in .* cannot be read .*data\.on_bad_image=skip"):
        load(spoilt)
    report = capsys.readouterr().err
    assert report.count("  unreadable, ") == 1 and all(f"train/n02/{name} (" in report for name in BAD)


def test_unreadable_files_are_skipped_where_that_is_asked_for(spoilt, folder, capsys):
    data = load(spoilt, on_bad_image="skip")
    assert data.used == {"train": 12, "test": 6, "skipped": 4}
    assert not any(name.endswith(tuple(BAD)) for name in data.train.names)
    assert "left out, 4: " in capsys.readouterr().err
    load(spoilt, on_bad_image="skip")
    assert "left out, 4: " in capsys.readouterr().err  # each time, not only when they were found
    for name in BAD:
        (folder / "train" / "n02" / name).unlink()
    assert load(folder).content == data.content


ODD = {
    "CMYK": lambda: saved(picture(40, 50).convert("CMYK")),
    "greyscale": lambda: saved(picture(40, 50).convert("L")),
    "turned by EXIF": lambda: saved(picture(40, 50), exif=turned()),
    "PNG named .JPEG": lambda: saved(picture(40, 50), "PNG"),
}


@pytest.mark.parametrize("kind", ODD)
def test_odd_files_are_named_and_read_as_imagefolder_reads_them(folder, kind, capsys):
    path = folder / "train" / "n02" / "n02_1.JPEG"
    path.write_bytes(ODD[kind]())
    data = load(folder)
    assert f"{kind}, 1: train/n02/n02_1.JPEG" in capsys.readouterr().err.replace(", which is not applied", "")
    number = data.train.names.index("train/n02/n02_1.JPEG")
    np.testing.assert_array_equal(data.train.pixels(number), np.asarray(ImageFolder(folder / "train")[number][0]))


def test_damage_that_is_read_past_is_named(folder, capsys):
    content = bytearray(saved(picture(200, 200), quality=90))
    content[len(content) // 2 : len(content) // 2 + 500] = bytes(500)
    (folder / "train" / "n02" / "n02_1.JPEG").write_bytes(content)
    load(folder)
    assert "damaged and read past the damage, 1: train/n02/n02_1.JPEG" in capsys.readouterr().err


def test_other_files_are_named_and_left_out(folder, capsys):
    (folder / "train" / "n02" / "notes.txt").write_text("blurred")
    (folder / "val" / "n01" / ".DS_Store").write_bytes(b"\0")
    assert load(folder).used == {"train": 12, "test": 6}
    report = capsys.readouterr().err
    assert "left out, 2: train/n02/notes.txt, val/n01/.DS_Store" in report


FAULTS = {
    "class n04 is only in train": lambda root: (root / "train" / "n04").mkdir(),
    "class n03 is only in train": lambda root: shutil.rmtree(root / "val" / "n03"),
    "class n02 has no image in val": lambda root: [p.unlink() for p in (root / "val" / "n02").iterdir()],
    "val has no class folders": lambda root: flatten(root / "val"),
}


def flatten(split):
    """As the archive of ImageNet's validation images unpacks."""
    for path in list(split.glob("*/*")):
        path.rename(split / path.name)
    for name in CLASSES:
        (split / name).rmdir()


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("policy", ["fail", "skip"])
def test_classes_that_are_empty_or_in_one_split_are_refused(folder, fault, policy, capsys):
    FAULTS[fault](folder)
    with pytest.raises(DataError, match=r"cannot be used: .*" + fault):
        load(folder, on_bad_image=policy)
    assert fault in capsys.readouterr().err


def test_a_class_with_nothing_readable_is_refused_even_where_files_are_skipped(folder):
    for path in (folder / "val" / "n02").iterdir():
        path.write_bytes(b"")
    with pytest.raises(DataError, match="class n02 has no readable image in val"):
        load(folder, on_bad_image="skip")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"classes": 1000}, "has 3 classes, ImageNet 1,000"),
        ({"on_bad_image": "ignore"}, "on_bad_image is one of fail, skip, got 'ignore'"),
        ({"workers": -1}, "workers must be a whole number from 0 on, got -1"),
        ({"pixels": 0}, "pixels must be a whole number from 1 on, got 0"),
    ],
)
def test_bad_values_are_refused(folder, options, message):
    with pytest.raises(DataError, match=message):
        load(folder, **options)


def test_the_error_says_where_the_files_belong(tmp_path):
    with pytest.raises(DataError, match=r"no ImageNet at .*imagenet: lay .*train/<class>/ and val/<class>/.*DATA_ROOT"):
        load(tmp_path / "imagenet")
    (tmp_path / "imagenet" / "train").mkdir(parents=True)
    with pytest.raises(DataError, match="val is not there"):
        load(tmp_path / "imagenet")


def test_a_second_load_reads_no_file_and_a_changed_one_is_checked_again(folder, monkeypatch, tmp_path):
    first = load(folder)
    monkeypatch.setattr("data.image_check.inspect_file", None)
    assert load(folder).content == first.content
    monkeypatch.undo()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    path = folder / "train" / "n01" / "n01_0.JPEG"
    path.write_bytes(saved(picture(48, 48, seed=9)))
    os.utime(path, (time.time() + 5, time.time() + 5))
    assert load(folder).content != first.content


def test_a_report_that_was_cut_off_is_made_again(folder, tmp_path):
    first = load(folder)
    (kept,) = (tmp_path / "cache").rglob("checked-*.json")
    kept.write_text(json.dumps({"content": "x"})[:-3])
    assert load(folder).content == first.content


def test_a_cache_that_cannot_be_written_does_no_harm(folder, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null")
    assert load(folder).used == {"train": 12, "test": 6}


def test_the_content_is_of_bytes_and_classes_not_of_places(folder, tmp_path):
    first = load(folder).content
    shutil.move(folder, tmp_path / "elsewhere")
    assert load(tmp_path / "elsewhere").content == first


def test_a_file_that_is_gone_while_training_is_named(folder):
    data = load(folder)
    (folder / "train" / "n02" / "n02_1.JPEG").unlink()
    with pytest.raises(DataError, match=r"cannot read .*n02_1\.JPEG: No such file"):
        epoch(data)


def test_digits_are_written_once_and_whole(tmp_path):
    data = digits_jpeg(tmp_path)
    assert data.used == {"train": 360, "test": 90} and data.classes == 10 and not data.flip
    before = {p: p.stat().st_mtime_ns for p in (tmp_path / "digits-jpeg").rglob("*.jpeg")}
    assert digits_jpeg(tmp_path).content == data.content
    assert {p: p.stat().st_mtime_ns for p in (tmp_path / "digits-jpeg").rglob("*.jpeg")} == before
    assert [p.name for p in tmp_path.iterdir() if p.name != "cache"] == ["digits-jpeg"]
    with pytest.raises(DataError, match="cannot write"):
        digits_jpeg("/dev/null/nowhere")


def test_tiny_imagenet_is_chosen_from_the_public_archive(tmp_path):
    """The archive's layout in small: 11 classes, of which the first and the last are taken."""
    official, laid_out = tmp_path / "tiny-imagenet-200", tmp_path / "sorted" / "tiny-imagenet"
    names = [f"n{n:02d}" for n in range(11)]
    lines = []
    for n, name in enumerate(names):
        taken = name in (names[0], names[10])
        for i in range(200 if taken else 0):
            write(official / "train" / name / "images" / f"{name}_{i}.JPEG", 1000 * n + i)
            write(laid_out / "train" / name / f"{name}_{i}.JPEG", 1000 * n + i)
        (official / "train" / name).mkdir(parents=True, exist_ok=True)
        image = f"val_{n}.JPEG"
        write(official / "val" / "images" / image, 77 + n)
        lines.append(f"{image}\t{name}\t0\t0\t62\t62\n")
        if taken:
            write(laid_out / "val" / name / image, 77 + n)
    (official / "val" / "val_annotations.txt").write_text("".join(lines))
    chosen, given = tiny_imagenet(tmp_path), tiny_imagenet(tmp_path / "sorted")
    assert chosen.content == given.content and chosen.used == {"train": 400, "test": 2}
    with pytest.raises(DataError, match=r"no Tiny ImageNet at .*or unpack the public archive"):
        tiny_imagenet(tmp_path / "nowhere")


def write(path, number):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((8, 8, 3), number % 251, dtype=np.uint8)).save(path)
