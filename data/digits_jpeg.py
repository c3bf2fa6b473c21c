"""The handwritten digits of `data.digits` as JPEG files in class folders: ImageNet's stand-in at the quick scale."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from PIL import Image

from data.class_folders import list_class_folders
from data.digits import digits
from data.errors import DataError
from data.from_files import FileData
from data.imagenet import load_listing
from data.images import Images

REVISION = 1  # raised by hand when a fix changes what is trained on; covers the files that data/imagenet.py imports

EVERY_NTH_IMAGE = 4  # of the digits is taken: the network is large for them
FILE_PIXELS = 40  # side of an image file
JPEG_QUALITY = 90


def digits_jpeg(root: str | Path, pixels: int = 24, on_bad_image: str = "fail", workers: int | None = None) -> FileData:
    """A quarter of the digits, 360 training and 90 test files, written to `root`/digits-jpeg unless they are there.

    Not mirrored: a mirrored digit is another shape. Another version of the JPEG library may write other bytes, so the
    content hash is taken from the files at hand. Arguments and errors as in `data.imagenet.imagenet`.

    Raises:
        DataError: `root` cannot be written to.
    """
    folder = Path(root).expanduser() / "digits-jpeg"
    if not folder.is_dir():
        write_files(folder)
    return load_listing("digits_jpeg", list_class_folders(folder, "digits"), pixels, on_bad_image, workers, flip=False)


def write_files(folder: Path) -> None:
    """Write the files so that the folder is there whole or not at all, whoever else is writing it too."""
    data = digits(FILE_PIXELS)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f"{folder.name}.", dir=folder.parent))
    except OSError as error:
        raise DataError(f"cannot write {folder.absolute()}: {error.strerror}") from error
    try:
        for split, images in (("train", data.train), ("val", data.test)):
            write_split(partial / split, images)
        partial.chmod(0o755)
        os.rename(partial, folder)  # fails where another process was first, whose files are the same
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        if not folder.is_dir():
            raise DataError(f"cannot write {folder.absolute()}: {error.strerror}") from error


def write_split(folder: Path, images: Images) -> None:
    """Write every fourth image to `folder`/<class>/<number>.jpeg."""
    chosen = slice(None, None, EVERY_NTH_IMAGE)
    for number, (pixels, label) in enumerate(zip(images.pixels[chosen].numpy(), images.labels[chosen].tolist())):
        class_folder = folder / str(label)
        class_folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(class_folder / f"{number:04d}.jpeg", quality=JPEG_QUALITY)
