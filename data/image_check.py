"""Every file of a listing decoded once before training: which are unreadable, which are odd, and a content hash."""

from __future__ import annotations

import hashlib
import io
import os
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

from PIL import Image

from data.class_folders import FolderListing, LabelledName, shorten_list
from data.errors import DataError
from data.image_check_report import ImageCheckReport, cache_path, read_report, save_report
from data.jpeg import JPEG_START, UnreadableImage, decode_sound_jpeg, decode_with_pillow

PROGRESS_FROM = 20_000  # files from which a check prints its progress
EXIF_ROTATION = 0x0112
ENDINGS = {"JPEG": (".jpg", ".jpeg"), "PNG": (".png",), "WEBP": (".webp",), "BMP": (".bmp",), "TIFF": (".tif", ".tiff")}
POLICIES = ("fail", "skip")
Finding = str | tuple[bytes, list[str]]  # what is wrong with a file; or its sha256 and its odd properties


def check_listing(listing: FolderListing, policy: str) -> tuple[ImageCheckReport, FolderListing]:
    """The report on a listing's files, and the listing without those that cannot be read.

    policy: what to do about them, "fail" or "skip". What was found is printed to stderr once, and whenever files are
    left out.

    Raises:
        DataError: another policy; unreadable files under "fail"; classes that are empty or in one split only.
    """
    if policy not in POLICIES:
        raise DataError(f"on_bad_image is one of {', '.join(POLICIES)}, got {policy!r}")
    files = [entry for entries in listing.splits.values() for entry in entries]
    path = cache_path(listing)
    report = None if listing.faults else read_report(path)
    known = report is not None
    if report is None:
        report = inspect_files(listing, files)
    bad = report.unreadable
    kept = {split: [e for e in entries if e[0] not in bad] for split, entries in listing.splits.items()}
    faults = listing.faults + ([] if listing.faults else classes_without_images(listing, kept))
    if faults or bad or not known:
        print_report(listing, report, faults, policy)
    if faults:
        raise DataError(f"{listing.root.absolute()} cannot be used: {shorten_list(faults, 3)}")
    if not known:
        save_report(path, report)
    if bad and policy == "fail":
        raise DataError(
            f"{len(bad):,} of {len(files):,} images in {listing.root.absolute()} cannot be read"
            f" ({shorten_list(sorted(bad), 3)}); mend or remove them, or leave them out with data.on_bad_image=skip"
        )
    return report, FolderListing(listing.root, listing.classes, kept)


def classes_without_images(listing: FolderListing, kept: dict[str, list[LabelledName]]) -> list[str]:
    """Classes that have no readable image left in a split."""
    left = {split: {number for _, number in entries} for split, entries in kept.items()}
    return [
        f"class {name} has no readable image in {split}"
        for split, numbers in left.items()
        for number, name in enumerate(listing.classes)
        if number not in numbers
    ]


def inspect_files(listing: FolderListing, files: Sequence[LabelledName]) -> ImageCheckReport:
    """Decode every file, on all cores."""
    total, odd = hashlib.sha256(), defaultdict[str, list[str]](list)
    unreadable: dict[str, str] = {}
    began = printed = time.monotonic()
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for n, (name, number, found) in enumerate(inspect_in_order(pool, listing.root, files), 1):
            if isinstance(found, str):
                unreadable[name] = found
            else:
                digest, kinds = found
                total.update(number.to_bytes(4, "little") + digest)
                for kind in kinds:
                    odd[kind].append(name)
            if len(files) >= PROGRESS_FROM and time.monotonic() - printed > 30:
                printed = time.monotonic()
                left = (printed - began) / n * (len(files) - n) / 60
                print(f"checking {listing.root}, once: {n:,} of {len(files):,} files, {left:.0f} min left", flush=True)
    return ImageCheckReport(total.hexdigest(), unreadable, dict(sorted(odd.items())))


def inspect_in_order(
    pool: ThreadPoolExecutor, root: Path, files: Sequence[LabelledName]
) -> Iterator[tuple[str, int, Finding]]:
    """Each file with what `inspect_file` finds; a thousand at a time, since a pool takes all its work at once."""
    rest = iter(files)
    while chunk := list(islice(rest, 1000)):
        findings = pool.map(inspect_file, [root / name for name, _ in chunk])
        yield from ((*entry, found) for entry, found in zip(chunk, findings))


def inspect_file(path: Path) -> Finding:
    """What is wrong with a file; or the sha256 of its bytes, and its odd properties."""
    try:
        content = path.read_bytes()
        sound = decode_sound_jpeg(content) is not None
        if not sound:
            decode_with_pillow(content)
    except OSError as error:
        return str(error.strerror)
    except UnreadableImage as error:
        return str(error)
    return hashlib.sha256(content).digest(), odd_properties(path, content, sound)


def odd_properties(path: Path, content: bytes, sound: bool) -> list[str]:
    """In which ways a readable file is not what its name or a network would expect."""
    with Image.open(io.BytesIO(content)) as picture:
        kinds = [] if picture.mode == "RGB" else [{"L": "greyscale"}.get(picture.mode, picture.mode)]
        if path.suffix.lower() not in ENDINGS.get(picture.format or "", (path.suffix.lower(),)):
            kinds.append(f"{picture.format} named {path.suffix}")
        if not sound and picture.format == "JPEG" and picture.mode in ("RGB", "L"):
            kinds.append("damaged and read past the damage")
        exif = b"Exif" in content[:4096] or not content.startswith(JPEG_START)
        if exif and picture.getexif().get(EXIF_ROTATION, 1) != 1:
            kinds.append("turned by EXIF, which is not applied")
    return kinds


def print_report(listing: FolderListing, report: ImageCheckReport, faults: Sequence[str], policy: str) -> None:
    """Print the report on a folder to stderr."""
    counts = " and ".join(f"{len(entries):,} {split}" for split, entries in listing.splits.items())
    lines = [f"{listing.root}: {counts} images in {len(listing.classes):,} classes"]
    if report.unreadable:
        what = "left out" if policy == "skip" else "not accepted (on_bad_image=fail)"
        named = [f"{name} ({why})" for name, why in sorted(report.unreadable.items())]
        lines.append(f"  unreadable, {what}, {len(named):,}: {shorten_list(named, 50)}")
    if listing.other_files:
        lines.append(
            f"  no images by their names, left out, {len(listing.other_files):,}: {shorten_list(listing.other_files)}"
        )
    if report.odd:
        lines.append("  read as torchvision's ImageFolder reads them:")
        lines += [f"    {kind}, {len(names):,}: {shorten_list(names, 3)}" for kind, names in report.odd.items()]
    lines += [f"  {fault}" for fault in faults]
    print("\n".join(lines), file=sys.stderr, flush=True)
