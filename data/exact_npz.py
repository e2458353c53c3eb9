"""Write an .npz whose bytes are the same every time, so that a checksum can name it."""

import hashlib
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np


def write(target: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write the arrays and print the file's size and checksum."""
    with zipfile.ZipFile(target, "w") as archive:
        for name, array in arrays.items():
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, np.asarray(array), allow_pickle=False)
            # np.savez stamps the current time; a fixed time keeps the bytes the same
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, buffer.getvalue(), compresslevel=9)
    print(target, target.stat().st_size, "bytes")
    print("sha256", hashlib.sha256(target.read_bytes()).hexdigest())
