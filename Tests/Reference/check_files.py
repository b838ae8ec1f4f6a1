#!/usr/bin/env python3
"""Exchanges tensor files with NumPy and safetensors, in both directions.

    pip install numpy safetensors
    python3 Tests/Reference/check_files.py

NumPy and safetensors write arrays of many shapes and types, a Swift test reads them and writes them
again as 32-bit floats, and NumPy and safetensors read the result. Optional: `swift test` alone compares
with bytes that were made this way once.
"""
import os
import pathlib
import subprocess
import sys
import tempfile

try:
    import numpy as np
    from safetensors.numpy import load_file, save_file
except ImportError as error:
    sys.exit(f"skipped: {error}\n  pip install numpy safetensors")

TYPES = "f2 f4 f8 i1 i2 i4 i8 u1 u2 u4 u8".split()
SHAPES = [(), (0,), (5,), (3, 4), (2, 0, 3), (2, 3, 4, 5), (1,) * 13 + (100,), (1,) * 20]


def arrays():
    """Arrays with names: every type in both byte orders, every shape in both storage orders."""
    random = np.random.default_rng(1)
    values = np.array([[0, 1, 2], [100, 7, 30]])
    for order in "<>":
        for kind in TYPES:
            yield f"type-{'little' if order == '<' else 'big'}-{kind}", values.astype(order + kind)
    yield "type-bool", values > 3
    yield "special", np.array([np.nan, np.inf, -np.inf, -0.0, 1e-45, 3.4028235e38], "f4")
    for place, shape in enumerate(SHAPES):
        array = np.asarray(random.standard_normal(shape), "f4")
        yield f"shape-{place}", array
        yield f"shape-{place}-columns", np.asfortranarray(array)


def same(left, right):
    return left.shape == right.shape and left.dtype == np.float32 == right.dtype and (
        left.tobytes() == right.tobytes())


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    failures = []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        named = dict(arrays())
        for key, array in named.items():
            np.save(folder / f"{key}.npy", array)
        native = {key: np.ascontiguousarray(array).reshape(array.shape)
                  for key, array in named.items() if array.dtype.isnative}
        save_file(native, folder / "all.safetensors", metadata={"format": "np", "text": "ä\"\\\n"})
        save_file({}, folder / "empty.safetensors")

        subprocess.run(
            ["swift", "test", "--filter", "ReferenceFilesTests"], cwd=root, check=True,
            env=os.environ | {"COURSE_REFERENCE_FOLDER": name})

        for key, array in named.items():
            expected = array.astype("f4", order="C")
            copy = folder / f"copy-{key}.npy"
            if not copy.exists() or not same(np.load(copy), expected):
                failures.append(f"{copy.name} differs")
                continue
            np.save(folder / "again.npy", expected)
            if copy.read_bytes() != (folder / "again.npy").read_bytes():
                failures.append(f"{copy.name} is not what numpy.save writes")
        copy = folder / "copy-all.safetensors"
        loaded = load_file(copy)
        failures += [f"tensor {key} differs" for key in native
                     if not same(loaded[key], native[key].astype("f4"))]
        if loaded.keys() != native.keys():
            failures.append("the names of the tensors differ")
        if b'"text":"\xc3\xa4\\"\\\\\\n"' not in copy.read_bytes():
            failures.append("the metadata differ")
        if load_file(folder / "copy-empty.safetensors"):
            failures.append("the empty file is not empty")
    if failures:
        sys.exit("\n".join(failures))
    print(f"{len(named)} arrays and {len(native)} tensors agree")


main()
