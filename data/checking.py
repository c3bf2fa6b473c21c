"""Every file of a listing decoded once before it is trained on: what is unreadable, what is odd, and a content hash."""

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

from data.class_folders import Entry, Listing, some
from data.images import DataError
from data.jpeg import JPEG, Unreadable, decode_any, decode_fast
from data.verdict import Verdict, cache_path, keep_verdict, read_verdict

MANY = 20_000  # files from which the progress of a check is told
EXIF_ROTATION = 0x0112
ENDINGS = {"JPEG": (".jpg", ".jpeg"), "PNG": (".png",), "WEBP": (".webp",), "BMP": (".bmp",), "TIFF": (".tif", ".tiff")}
POLICIES = ("fail", "skip")
Finding = str | tuple[bytes, list[str]]


def checked(listing: Listing, policy: str) -> tuple[Verdict, Listing]:
    """The verdict on a listing's files, and the listing without those that cannot be read.

    policy: what to do about them, "fail" or "skip". What was found is told on stderr once, and whenever files are left
    out.

    Raises:
        DataError: another policy; unreadable files under "fail"; classes that are empty or in one split only.
    """
    if policy not in POLICIES:
        raise DataError(f"on_bad_image is one of {', '.join(POLICIES)}, got {policy!r}")
    files = [entry for entries in listing.splits.values() for entry in entries]
    path = cache_path(listing)
    verdict = None if listing.faults else read_verdict(path)
    known = verdict is not None
    if verdict is None:
        verdict = check(listing, files)
    bad = verdict.unreadable
    kept = {split: [e for e in entries if e[0] not in bad] for split, entries in listing.splits.items()}
    faults = listing.faults + ([] if listing.faults else emptied(listing, kept))
    if faults or bad or not known:
        tell(listing, verdict, faults, policy)
    if faults:
        raise DataError(f"{listing.root.absolute()} cannot be used: {some(faults, 3)}")
    if not known:
        keep_verdict(path, verdict)
    if bad and policy == "fail":
        raise DataError(
            f"{len(bad):,} of {len(files):,} images in {listing.root.absolute()} cannot be read"
            f" ({some(sorted(bad), 3)}); mend or remove them, or leave them out with data.on_bad_image=skip"
        )
    return verdict, Listing(listing.root, listing.classes, kept)


def emptied(listing: Listing, kept: dict[str, list[Entry]]) -> list[str]:
    """Classes that have no readable image left in a split."""
    left = {split: {number for _, number in entries} for split, entries in kept.items()}
    return [
        f"class {name} has no readable image in {split}"
        for split, numbers in left.items()
        for number, name in enumerate(listing.classes)
        if number not in numbers
    ]


def check(listing: Listing, files: Sequence[Entry]) -> Verdict:
    """Decode every file, on all cores."""
    total, odd = hashlib.sha256(), defaultdict[str, list[str]](list)
    unreadable: dict[str, str] = {}
    began = told = time.monotonic()
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for n, (name, number, found) in enumerate(in_order(pool, listing.root, files), 1):
            if isinstance(found, str):
                unreadable[name] = found
            else:
                digest, kinds = found
                total.update(number.to_bytes(4, "little") + digest)
                for kind in kinds:
                    odd[kind].append(name)
            if len(files) >= MANY and time.monotonic() - told > 30:
                told = time.monotonic()
                left = (told - began) / n * (len(files) - n) / 60
                print(f"checking {listing.root}, once: {n:,} of {len(files):,} files, {left:.0f} min left", flush=True)
    return Verdict(total.hexdigest(), unreadable, dict(sorted(odd.items())))


def in_order(pool: ThreadPoolExecutor, root: Path, files: Sequence[Entry]) -> Iterator[tuple[str, int, Finding]]:
    """Each file with what `look` says of it; a thousand at a time, since a pool takes all its work at once."""
    rest = iter(files)
    while chunk := list(islice(rest, 1000)):
        yield from ((*entry, found) for entry, found in zip(chunk, pool.map(lambda e: look(root / e[0]), chunk)))


def look(path: Path) -> Finding:
    """What is wrong with a file, or the digest of its bytes and in which ways it is odd."""
    try:
        content = path.read_bytes()
        sound = decode_fast(content) is not None
        if not sound:
            decode_any(content)
    except OSError as error:
        return str(error.strerror)
    except Unreadable as error:
        return str(error)
    return hashlib.sha256(content).digest(), oddities(path, content, sound)


def oddities(path: Path, content: bytes, sound: bool) -> list[str]:
    """In which ways a readable file is not what its name or a network would expect."""
    with Image.open(io.BytesIO(content)) as picture:
        kinds = [] if picture.mode == "RGB" else [{"L": "greyscale"}.get(picture.mode, picture.mode)]
        if path.suffix.lower() not in ENDINGS.get(picture.format or "", (path.suffix.lower(),)):
            kinds.append(f"{picture.format} named {path.suffix}")
        if not sound and picture.format == "JPEG" and picture.mode in ("RGB", "L"):
            kinds.append("damaged and read past the damage")
        exif = b"Exif" in content[:4096] or not content.startswith(JPEG)
        if exif and picture.getexif().get(EXIF_ROTATION, 1) != 1:
            kinds.append("turned by EXIF, which is not applied")
    return kinds


def tell(listing: Listing, verdict: Verdict, faults: Sequence[str], policy: str) -> None:
    """The one report on a folder, on stderr."""
    counts = " and ".join(f"{len(entries):,} {split}" for split, entries in listing.splits.items())
    lines = [f"{listing.root}: {counts} images in {len(listing.classes):,} classes"]
    if verdict.unreadable:
        what = "left out" if policy == "skip" else "not accepted (on_bad_image=fail)"
        named = [f"{name} ({why})" for name, why in sorted(verdict.unreadable.items())]
        lines.append(f"  unreadable, {what}, {len(named):,}: {some(named, 50)}")
    if listing.others:
        lines.append(f"  no images by their names, left out, {len(listing.others):,}: {some(listing.others)}")
    if verdict.odd:
        lines.append("  read as torchvision's ImageFolder reads them:")
        lines += [f"    {kind}, {len(names):,}: {some(names, 3)}" for kind, names in verdict.odd.items()]
    lines += [f"  {fault}" for fault in faults]
    print("\n".join(lines), file=sys.stderr, flush=True)
