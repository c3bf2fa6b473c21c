"""CIFAR's Python layout from the network, by torchvision."""

from __future__ import annotations

import hashlib
import http.client
import tempfile
from pathlib import Path

from data.cifar_layouts import CifarSpec, find_layout
from data.errors import DataError


def fetch_python_layout(spec: CifarSpec, root: Path, download: bool) -> None:
    """Put the Python layout below `root`: whole, its md5s checked, or not at all.

    Raises:
        DataError: `download` is false, or the download failed or brought other files than the official ones.
    """
    names = f"{spec.binary.folder}/ nor {spec.python.folder}/"
    remedy = "put either official folder there, or set DATA_ROOT (or data.root) to the folder that holds it"
    absent = f"{spec.name} is not in {root.absolute()} (neither {names})"
    if not download:
        raise DataError(f"{absent} and downloading is off: {remedy}")
    import torchvision  # slow to import, and only a download needs it

    source = getattr(torchvision.datasets, spec.torchvision_class)
    created = not root.exists()
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=root, prefix=f".{spec.name}-") as temporary:
            torchvision.datasets.utils.download_and_extract_archive(
                source.url, temporary, filename=source.filename, md5=source.tgz_md5
            )
            folder = Path(temporary) / spec.python.folder
            for file in spec.python.train + spec.python.test:
                if hashlib.md5((folder / file.name).read_bytes()).hexdigest() != file.md5:
                    raise RuntimeError(f"{file.name} has another md5 than the official one")
            try:
                folder.rename(root / spec.python.folder)
            except OSError:
                if find_layout(spec, root) is None:  # otherwise another process has put it there meanwhile
                    raise
    except (OSError, RuntimeError, http.client.HTTPException) as error:
        raise DataError(f"{absent} and could not be downloaded ({error}): {remedy}") from error
    finally:
        if created and root.is_dir() and not any(root.iterdir()):
            root.rmdir()
