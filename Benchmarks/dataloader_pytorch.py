#!/usr/bin/env python3
"""Measures PyTorch's DataLoader with torchvision on a folder of images: the peer of `course generator bench`.

    pip install torch torchvision                        # in a virtual environment
    python Benchmarks/dataloader_pytorch.py FOLDER       # a folder with a folder for each class

Mirror, crop (padding 4) and normalise with torchvision's `v2` transforms, batches of 128, shuffled. Prints images
per second for single transforms on one process and for the loader with each number of workers. With --course,
the loader and `course generator bench` take turns, and the ratio of neighbouring turns is printed; with --single
as well, decoding and each transform take turns in the same way.
"""

import argparse
import json
import os
import statistics
import subprocess
import time

# Would tell OpenBLAS to run as on an older processor; no peer should be slowed down.
os.environ.pop("OPENBLAS_CORETYPE", None)

import torch
from torchvision.datasets import ImageFolder
from torchvision.io import ImageReadMode, decode_image
from torchvision.transforms import v2

USUAL = [
    v2.RandomHorizontalFlip(), v2.RandomCrop(32, padding=4), v2.ToDtype(torch.float32, scale=True),
    v2.Normalize([0.5] * 3, [0.25] * 3),
]
SINGLE = {
    "mirror": v2.RandomHorizontalFlip(1.0), "rotate:15": v2.RandomRotation(15, v2.InterpolationMode.BILINEAR),
    "crop:4": v2.RandomCrop(32, padding=4), "resize to half": v2.Resize(16, antialias=True),
    "resize to half, bicubic": v2.Resize(16, v2.InterpolationMode.BICUBIC, antialias=True),
    "brightness:0.2": v2.ColorJitter(brightness=0.2), "contrast:0.2": v2.ColorJitter(contrast=0.2),
    "saturation:0.2": v2.ColorJitter(saturation=0.2), "hue:0.1": v2.ColorJitter(hue=0.1),
    "noise:0.05": v2.GaussianNoise(sigma=0.05), "cutout:8": v2.RandomErasing(1.0, (1 / 16, 1 / 16), (1, 1)),
    "normalize": v2.Normalize([0.5] * 3, [0.25] * 3),
}


def read(path):
    """The fastest decoder that torchvision has."""
    return decode_image(path, ImageReadMode.RGB)


def rate(work, seconds):
    """Images per second; `work` returns how many images it made."""
    for _ in range(3):
        work()
    images, start = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - start) < seconds:
        images += work()
    return images / elapsed


def loader_rate(folder, workers, seconds):
    data = ImageFolder(folder, transform=v2.Compose(USUAL), loader=read)
    loader = torch.utils.data.DataLoader(
        data, batch_size=128, shuffle=True, num_workers=workers, drop_last=True, persistent_workers=workers > 0)

    def batches():
        while True:
            yield from loader

    stream = batches()
    return rate(lambda: len(next(stream)[0]), seconds)


def course_rates(course, folder, threads):
    command = [course, "generator", "bench", folder, "--json", "--seconds", "0.5", "--threads", str(threads)]
    result = subprocess.run(command, check=True, capture_output=True, text=True)
    return {rate["name"].removeprefix("  and "): rate["imagesPerSecond"] for rate in json.loads(result.stdout)["rates"]}


def single_rates(folder, seconds):
    """Decoding and each transform of one image after the other, on one thread."""
    data = ImageFolder(folder)
    paths = [path for path, _ in data.samples[:: max(1, len(data) // 64)]][:64]
    images = [read(path).float() / 255 for path in paths]
    turn = iter(range(1 << 60))
    rates = {"decode": rate(lambda: (read(paths[next(turn) % len(paths)]), 1)[1], seconds)}
    for name, transform in SINGLE.items():
        rates[name] = rate(lambda: (transform(images[next(turn) % len(images)]), 1)[1], seconds)
    return rates


def compare_in_turns(name, pairs):
    ratios = [ours / theirs for ours, theirs in pairs]
    print(f"{name:34} {statistics.median(p[0] for p in pairs):9.0f} {statistics.median(p[1] for p in pairs):9.0f}"
          f"   {statistics.median(ratios):5.1f} ({min(ratios):.1f} - {max(ratios):.1f})", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--workers", type=int, nargs="+", default=[0, 2])
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--course", help="compare with this program, in turns")
    parser.add_argument("--single", action="store_true", help="compare decoding and single transforms, too")
    parser.add_argument("--pairs", type=int, default=5)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if arguments.course:
        pairs = {}
        for _ in range(arguments.pairs):
            ours = course_rates(arguments.course, arguments.folder, 2)
            theirs = single_rates(arguments.folder, 0.5) if arguments.single else {}
            theirs["batches: decode, mirror, crop:4, normalize"] = loader_rate(arguments.folder, 2, arguments.seconds)
            for name, value in theirs.items():
                pairs.setdefault(name, []).append((ours[name], value))
        print(f"{'images/s':34} {'ours':>9} {'PyTorch':>9}   ours / PyTorch (smallest - largest)")
        for name, values in pairs.items():
            compare_in_turns(name, values)
        return
    for name, value in single_rates(arguments.folder, 1).items():
        print(f"{name:25} {value:.0f}", flush=True)
    for workers in arguments.workers:
        print(f"loader, {workers} workers  {loader_rate(arguments.folder, workers, arguments.seconds):.0f}")


if __name__ == "__main__":
    main()
