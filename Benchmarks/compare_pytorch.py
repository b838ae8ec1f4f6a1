#!/usr/bin/env python3
"""Compares `course bench` with PyTorch on the same machine, in one run.

    pip install torch numpy                      # in a virtual environment
    swift build -c release --product course
    python Benchmarks/compare_pytorch.py         # all workloads, one thread and two

A shared machine changes its speed from minute to minute, so blocks alternate (ours, theirs, ours, theirs)
and what is reported is the median of the ratios of neighbouring blocks, with their quartiles. Each block
repeats the workload for --seconds and takes the median time of a repetition. Ratios below 1 mean that
this package is faster. Run it on a machine that does nothing else.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

# Would tell OpenBLAS to run as on an older processor; no peer should be slowed down.
os.environ.pop("OPENBLAS_CORETYPE", None)

import torch
from torch import nn

# As our training does: numbers below 1e-38, of which saturated softmaxes are full, take an Intel processor
# a hundred times as long.
torch.set_flush_denormal(True)

ROOT = pathlib.Path(__file__).resolve().parent.parent


def matmul(size):
    def prepare():
        a, b = torch.randn(size, size), torch.randn(size, size)
        return lambda: a @ b

    return prepare


def training_step(network, shape, optimizer, y=None):
    """A training step as PyTorch users write it: zero_grad, forward, loss, backward, step."""
    loss = nn.CrossEntropyLoss()
    x = torch.randn(shape)
    y = torch.arange(shape[0]) % 10 if y is None else y

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss(network(x), y).backward()
        optimizer.step()

    return step


def adam(network):
    return torch.optim.Adam(network.parameters(), lr=1e-3)


def sgd(network):
    return torch.optim.SGD(network.parameters(), lr=0.01)


def mlp(sizes, batch, optimizer):
    def prepare():
        layers = []
        for inputs, outputs in zip(sizes, sizes[1:]):
            layers += [nn.Linear(inputs, outputs), nn.ReLU()]
        network = nn.Sequential(*layers[:-1])
        return training_step(network, (batch, sizes[0]), optimizer(network))

    return prepare


def lenet():
    network = nn.Sequential(
        nn.Conv2d(1, 20, 5, padding=2), nn.MaxPool2d(2), nn.ReLU(),
        nn.Conv2d(20, 50, 5, padding=2), nn.MaxPool2d(2), nn.ReLU(),
        nn.Flatten(), nn.Linear(2450, 500), nn.ReLU(), nn.Linear(500, 10))
    return training_step(network, (50, 1, 28, 28), adam(network))


def three_layer():
    network = nn.Sequential(
        nn.Conv2d(3, 32, 7, padding=3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(32 * 16 * 16, 500), nn.ReLU(), nn.Linear(500, 10))
    return training_step(network, (50, 3, 32, 32), adam(network))


def vgg(batch_norm):
    """With batch norm and dropout, or without both. Batch norm takes away a convolution's bias, so it has none
    then, on both sides."""
    layers, channels = [], 3
    for block in [64, 64], [128, 128], [256, 256]:
        for width in block:
            layers.append(nn.Conv2d(channels, width, 3, padding=1, bias=not batch_norm))
            layers += [nn.BatchNorm2d(width), nn.ReLU()] if batch_norm else [nn.ReLU()]
            channels = width
        layers.append(nn.MaxPool2d(2))
    dropout = [nn.Dropout(0.5)] if batch_norm else []
    network = nn.Sequential(
        *layers, nn.Flatten(), nn.Linear(4096, 512), nn.ReLU(), *dropout, nn.Linear(512, 10))
    return training_step(network, (64, 3, 32, 32), adam(network))


class ResidualBlock(nn.Module):
    """Two convolutions and a way around them: a projection where the shape changes."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False), nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
            nn.Conv2d(outputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs))
        self.shortcut = nn.Identity() if stride == 1 else nn.Sequential(
            nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        return (self.body(x) + self.shortcut(x)).relu_()


def residual_network(depth=20, widths=(16, 32, 64)):
    layers, channels = [
        nn.Conv2d(3, widths[0], 3, padding=1, bias=False), nn.BatchNorm2d(widths[0]),
        nn.ReLU(inplace=True)], widths[0]
    for stage, width in enumerate(widths):
        for block in range((depth - 2) // (2 * len(widths))):
            layers.append(ResidualBlock(channels, width, 2 if stage > 0 and block == 0 else 1))
            channels = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10))


def resnet(channels_last):
    network = residual_network()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.9)
    if not channels_last:
        return training_step(network, (64, 3, 32, 32), optimizer)
    network = network.to(memory_format=torch.channels_last)
    layout = nn.Sequential(ChannelsLast(), network)
    return training_step(layout, (64, 3, 32, 32), optimizer)


class ChannelsLast(nn.Module):
    def forward(self, x):
        return x.contiguous(memory_format=torch.channels_last)


class UNet(nn.Module):
    """A level of a U-Net and those below it: two convolutions down, the next level, two convolutions up."""

    def __init__(self, inputs, width, levels):
        super().__init__()
        self.down = self.convolutions(inputs, width)
        self.below = nn.Sequential(
            nn.MaxPool2d(2), UNet(width, 2 * width, levels - 1),
            nn.ConvTranspose2d(2 * width, width, 2, stride=2)) if levels else None
        self.up = self.convolutions(2 * width, width) if levels else None

    @staticmethod
    def convolutions(inputs, outputs):
        layers = []
        for channels in inputs, outputs:
            layers += [
                nn.Conv2d(channels, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs),
                nn.ReLU()]
        return nn.Sequential(*layers)

    def forward(self, x):
        x = self.down(x)
        return x if self.below is None else self.up(torch.cat([x, self.below(x)], 1))


def unet():
    network = nn.Sequential(UNet(3, 16, 3), nn.Conv2d(16, 6, 1))
    y = (torch.arange(16 * 64 * 64) % 6).view(16, 64, 64)
    return training_step(network, (16, 3, 64, 64), adam(network), y)


class SequenceModel(nn.Module):
    """An LSTM and a dense layer on each step; one row of scores a step comes out."""

    def __init__(self, inputs, hidden, outputs):
        super().__init__()
        self.lstm = nn.LSTM(inputs, hidden, batch_first=True)
        self.dense = nn.Linear(hidden, outputs)

    def forward(self, x):
        return self.dense(self.lstm(x)[0]).flatten(0, 1)


def lstm(inputs, hidden, outputs, length, batch):
    def prepare():
        network = SequenceModel(inputs, hidden, outputs)
        y = torch.arange(batch * length) % outputs
        return training_step(network, (batch, length, inputs), adam(network), y)

    return prepare


class TransformerBlock(nn.Module):
    """A block of GPT: attention and two dense layers, each after a layer norm and with a shortcut."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.project = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.widen, self.narrow = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        n, t, c = x.shape
        q, k, v = self.qkv(self.norm1(x)).view(n, t, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        y = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.project(y.transpose(1, 2).reshape(n, t, c))
        y = nn.functional.gelu(self.widen(self.norm2(x)), approximate="tanh")
        return x + self.narrow(y)


class Transformer(nn.Module):
    """A small GPT whose scores come from the table of its embedding."""

    def __init__(self, vocabulary, length, width, blocks, heads):
        super().__init__()
        self.tokens, self.places = nn.Embedding(vocabulary, width), nn.Embedding(length, width)
        self.blocks = nn.Sequential(*(TransformerBlock(width, heads) for _ in range(blocks)))
        self.norm = nn.LayerNorm(width)

    def forward(self, x):
        x = self.blocks(self.tokens(x) + self.places.weight[: x.shape[1]])
        return nn.functional.linear(self.norm(x), self.tokens.weight)


def transformer():
    network = Transformer(76, 64, 128, 4, 4)
    parameters = list(network.parameters())
    groups = [
        {"params": [p for p in parameters if p.dim() > 1], "weight_decay": 0.1},
        {"params": [p for p in parameters if p.dim() == 1], "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.99))
    loss = nn.CrossEntropyLoss()
    x = (torch.arange(12 * 64) * 7 % 76).view(12, 64)

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss(network(x).flatten(0, 1), x.flatten()).backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()

    return step


def layer(make, shape, both=False):
    """A single layer: forward, or forward and all its gradients."""

    def prepare():
        layer = make()
        x = torch.randn(shape, requires_grad=True)
        gradient = torch.ones_like(layer(x))

        def forward_and_backward():
            layer(x).backward(gradient)
            x.grad = None
            layer.zero_grad(set_to_none=True)

        return forward_and_backward if both else lambda: layer(x)

    return prepare


def convolution(inputs, outputs, kernel, image, stride=1):
    """A single convolution on 64 images."""
    make = lambda: nn.Conv2d(inputs, outputs, kernel, stride=stride, padding=kernel // 2)
    return make, (64, inputs, image, image)


# The same names as in CourseTool/Bench.
WORKLOADS = {
    "mlp-small": mlp([64, 32, 10], 50, sgd),
    "mlp-large": mlp([784, 512, 256, 10], 128, sgd),
    "mlp-adam": mlp([784, 512, 256, 10], 128, adam),
    "lenet": lenet,
    "three-layer": three_layer,
    "vgg": lambda: vgg(batch_norm=True),
    "vgg-plain": lambda: vgg(batch_norm=False),
    "resnet": lambda: resnet(channels_last=True),
    "unet": unet,
    "lstm-char": lstm(96, 256, 96, 64, 32),
    "lstm-tiny": lstm(13, 7, 7, 10, 1),
    "transformer": transformer,
    "transformer-block": layer(lambda: TransformerBlock(128, 4), (12, 64, 128), both=True),
    "matmul-64": matmul(64),
    "matmul-256": matmul(256),
    "matmul-1024": matmul(1024),
    "matmul-2048": matmul(2048),
}
for name, (make, shape) in {
    "conv-64": convolution(64, 64, 3, 32),
    "conv-256": convolution(256, 256, 3, 8),
    "conv-5x5": convolution(32, 64, 5, 16),
    "conv-7x7": convolution(3, 64, 7, 32),
    "conv-strided": convolution(64, 128, 3, 32, 2),
    "upconv-2x2": (lambda: nn.ConvTranspose2d(64, 32, 2, stride=2), (64, 64, 16, 16)),
    "upconv-4x4": (
        lambda: nn.ConvTranspose2d(64, 32, 4, stride=2, padding=1), (64, 64, 16, 16)),
    "upsample": (
        lambda: nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False),
        (64, 64, 16, 16)),
    "group-norm": (lambda: nn.GroupNorm(8, 64), (64, 64, 32, 32)),
}.items():
    WORKLOADS[name] = layer(make, shape)
    WORKLOADS[f"{name}-both"] = layer(make, shape, both=True)


def theirs(work, seconds):
    """The median time of a repetition, measured as `course bench` measures it."""
    for _ in range(5):
        work()
    times, start = [], time.perf_counter()
    while len(times) < 5 or time.perf_counter() - start < seconds:
        before = time.perf_counter()
        work()
        times.append(time.perf_counter() - before)
    return statistics.median(times)


def ours(course, name, threads, seconds):
    command = [course, "bench", name, "--threads", str(threads), "--seconds", str(seconds), "--json"]
    result = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(result.stdout)["measurements"][0]


def compare(course, name, threads, pairs, seconds):
    torch.set_num_threads(threads)
    work = WORKLOADS[name]()
    theirs(work, seconds)  # one block of each to warm up, not counted
    ours(course, name, threads, seconds)
    own, other, ratios, fractions = [], [], [], []
    for _ in range(pairs):
        measured = ours(course, name, threads, seconds)
        time.sleep(0.3)
        own.append(measured["median"])
        fractions.append(measured["fractionOfPeak"])
        other.append(theirs(work, seconds))
        # PyTorch's worker threads spin for a while after their last job.
        time.sleep(0.5)
        ratios.append(own[-1] / other[-1])
    lower, median, upper = statistics.quantiles(ratios, n=4)
    return {
        "workload": name, "threads": threads, "pairs": pairs,
        "ours": statistics.median(own), "pytorch": statistics.median(other),
        "ratio": median, "ratioLowerQuartile": lower, "ratioUpperQuartile": upper,
        "fractionOfPeak": statistics.median(fractions),
    }


def duration(seconds):
    return f"{seconds * 1e3:.3f} ms" if seconds < 1e-3 else f"{seconds * 1e3:.2f} ms"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workloads", nargs="*", metavar="WORKLOAD", help=", ".join(WORKLOADS))
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--pairs", type=int, default=7, help="pairs of blocks, at least 7 (default: 7)")
    parser.add_argument("--seconds", type=float, default=1.0, help="length of a block (default: 1)")
    parser.add_argument("--course", default=str(ROOT / ".build" / "release" / "course"))
    parser.add_argument("--json", action="store_true", help="one JSON document instead of a table")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.workloads if name not in WORKLOADS]
    if unknown:
        parser.error(f"unknown workload {unknown[0]}; there are {', '.join(WORKLOADS)}")
    if arguments.pairs < 7:
        parser.error("fewer than 7 pairs say little on a shared machine")
    if not os.access(arguments.course, os.X_OK):
        parser.error(f"no {arguments.course}; build it with: swift build -c release --product course")

    results = []
    if not arguments.json:
        print(f"PyTorch {torch.__version__}, {arguments.pairs} pairs of blocks of {arguments.seconds} s\n")
        print("| workload | threads | ours | PyTorch | ours / PyTorch (quartiles) | of peak |")
        print("|---|---|---|---|---|---|", flush=True)
    for name in arguments.workloads or WORKLOADS:
        for threads in arguments.threads:
            r = compare(arguments.course, name, threads, arguments.pairs, arguments.seconds)
            results.append(r)
            if not arguments.json:
                print(
                    f"| {name} | {threads} | {duration(r['ours'])} | {duration(r['pytorch'])} "
                    f"| **{r['ratio']:.3f}** ({r['ratioLowerQuartile']:.3f} - {r['ratioUpperQuartile']:.3f}) "
                    f"| {r['fractionOfPeak'] * 100:.0f} % |", flush=True)
    if arguments.json:
        json.dump({"pytorch": torch.__version__, "results": results}, sys.stdout, indent=2)
        print()


if __name__ == "__main__":
    main()
