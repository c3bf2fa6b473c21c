"""Small image files for tests."""

import io

import numpy as np
from PIL import Image

CLASSES = ("n01", "n02", "n03")


def picture(height, width, seed=0):
    """Smooth colours, so that neighbouring pixels are alike as in a photograph."""
    small = np.random.default_rng(seed).integers(0, 256, (height // 8 + 2, width // 8 + 2, 3), dtype=np.uint8)
    return Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)


def saved(image, kind="JPEG", **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def turned():
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


def class_folders(root):
    """Three classes, four training images and two validation images each, no two alike; returns `root`."""
    for n, name in enumerate(CLASSES):
        for split, count in (("train", 4), ("val", 2)):
            place = root / split / name
            place.mkdir(parents=True)
            for i in range(count):
                image = picture(40 + 3 * i, 56 - 2 * n, seed=100 * n + 10 * i + len(split))
                (place / f"{name}_{i}.JPEG").write_bytes(saved(image, quality=90))
    return root
