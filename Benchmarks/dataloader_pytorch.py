#!/usr/bin/env python3
"""Measures PyTorch's DataLoader with torchvision on a folder of images: the peer of `course generator bench`.

    pip install torch torchvision                        # in a virtual environment
    python Benchmarks/dataloader_pytorch.py FOLDER       # a folder with a folder for each class

Mirror, crop (padding 4) and normalise with torchvision's `v2` transforms, batches of 128, shuffled. Prints images
per second for single transforms on one process and for the loader with each number of workers. With --course,
the loader and `course generator bench` take turns, and the ratio of neighbouring turns is printed.
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
    "noise:0.05": v2.GaussianNoise(sigma=0.05), "normalize": v2.Normalize([0.5] * 3, [0.25] * 3),
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


def course_rate(course, folder, threads):
    command = [course, "generator", "bench", folder, "--json", "--seconds", "1", "--threads", str(threads)]
    result = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(result.stdout)["rates"][-1]["imagesPerSecond"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--workers", type=int, nargs="+", default=[0, 2])
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--course", help="compare with this program, in turns")
    parser.add_argument("--pairs", type=int, default=5)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if arguments.course:
        pairs = []
        for _ in range(arguments.pairs):
            ours = course_rate(arguments.course, arguments.folder, 2)
            pairs.append((ours, loader_rate(arguments.folder, 2, arguments.seconds)))
            print(f"ours {pairs[-1][0]:.0f}, PyTorch {pairs[-1][1]:.0f} images/s", flush=True)
        ratios = [a / b for a, b in pairs]
        print(f"ours / PyTorch, 2 threads and 2 workers: {statistics.median(ratios):.1f} "
              f"({min(ratios):.1f} - {max(ratios):.1f})")
        return
    data = ImageFolder(arguments.folder)
    paths = [path for path, _ in data.samples[:: max(1, len(data) // 64)]][:64]
    turn = iter(range(1 << 60))
    print(f"decode            {rate(lambda: (read(paths[next(turn) % len(paths)]), 1)[1], 1):.0f}")
    images = [read(path).float() / 255 for path in paths]
    for name, transform in SINGLE.items():
        print(f"{name:25} {rate(lambda: (transform(images[next(turn) % len(images)]), 1)[1], 1):.0f}", flush=True)
    for workers in arguments.workers:
        print(f"loader, {workers} workers  {loader_rate(arguments.folder, workers, arguments.seconds):.0f}")


if __name__ == "__main__":
    main()
