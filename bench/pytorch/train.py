"""Trains a network as one writes it in PyTorch, to be timed beside `tailnas train`. Prints a line of JSON per epoch.

    python bench/pytorch/train.py --network darts-v2 --channels 16 --layers 8 --data cifar10-jpeg --imbalance 100
    python bench/pytorch/train.py --network resnet32 --channels 16 --synthetic 5 --channels-last

DARTS' recipe: crop, flip, cutout; SGD with a cosine to 0, momentum, weight decay, gradients clipped; for cells also
drop-path that rises with the epochs, and an auxiliary head. With --synthetic it times steps on images without meaning.
"""

import argparse
import json
import math
import resource
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from darts import Shape, count_weights
from derived import NO_DROP_PATH, DerivedNetwork, DropPath, published, training_loss
from images import Images, augment, normalize, read_folder
from resnet import ResNet

RESNET = "resnet32"
TEST_BATCH = 256


def parse_arguments() -> argparse.Namespace:
    """What to train, on what, and for how long."""
    parser = argparse.ArgumentParser(description="Seconds and memory of a training in PyTorch, as JSON lines.")
    parser.add_argument("--network", choices=(*published(), RESNET), default="darts-v2")
    parser.add_argument("--channels", type=int, default=16)
    parser.add_argument("--layers", type=int, default=8, help="cells; resnet32 has always 32 layers")
    parser.add_argument("--data", type=Path, help="folder with train/<class>/*.jpg, and test/<class>/*.jpg for --test")
    parser.add_argument("--imbalance", type=float, default=1, help="largest class / smallest class; 1 keeps all images")
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--steps", type=int, help="stop an epoch after so many steps")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--lr", type=float, default=0.025)
    parser.add_argument("--weight-decay", type=float, default=3e-4)
    parser.add_argument("--clip", type=float, default=5.0, help="0 for none")
    parser.add_argument("--drop-path", type=float, default=0.2, help="probability that the last epoch would reach")
    parser.add_argument("--no-auxiliary", action="store_true")
    parser.add_argument("--test", action="store_true", help="accuracy on the test images after the last epoch")
    parser.add_argument("--synthetic", type=int, metavar="STEPS", help="instead of data: time so many steps")
    parser.add_argument("--image", type=int, default=32, help="height and width of synthetic images")
    parser.add_argument("--channels-last", action="store_true")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if (options.synthetic is None) == (options.data is None):
        parser.error("say either --data or --synthetic")
    return options


def make_network(options: argparse.Namespace, classes: int) -> nn.Module:
    """A network with fresh weights."""
    if options.network == RESNET:
        return ResNet(channels=options.channels, classes=classes, channels_last=options.channels_last)
    shape = Shape(channels=options.channels, layers=options.layers, classes=classes)
    genotype = published()[options.network]
    return DerivedNetwork(shape, genotype, auxiliary=not options.no_auxiliary, channels_last=options.channels_last)


def make_step(
    network: nn.Module, optimizer: torch.optim.SGD, *, clip: float
) -> Callable[[Tensor, Tensor, float], Tensor]:
    """A training step of images, labels and the probability of drop-path. Returns the loss before it."""
    weights = list(network.parameters())

    def step(images: Tensor, labels: Tensor, probability: float) -> Tensor:
        if isinstance(network, DerivedNetwork):
            dropping = DropPath(probability) if probability > 0 else NO_DROP_PATH
            loss = training_loss(*network.with_auxiliary(images, dropping), labels)
        else:
            loss = F.cross_entropy(network(images), labels)
        optimizer.zero_grad()
        loss.backward()
        if clip > 0:
            nn.utils.clip_grad_norm_(weights, clip)
        optimizer.step()
        return loss.detach()

    return step


def peak_memory_bytes() -> int:
    """Peak resident memory since reset_peak, or of the process where the system cannot reset it."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024


def reset_peak() -> None:
    """Starts a new peak, on Linux."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        pass


def say(**values: object) -> None:
    """One line of JSON."""
    print(json.dumps(values), flush=True)


@torch.no_grad()
def accuracy(network: nn.Module, images: Images, scale: tuple[Tensor, Tensor]) -> list[float]:
    """Accuracy on each class."""
    network.eval()
    found = torch.cat([network(normalize(part, scale)).argmax(1) for part in images.pixels.split(TEST_BATCH)])
    network.train()
    right = found == images.labels
    return [right[images.labels == c].double().mean().item() for c in range(len(images.classes))]


def time_steps(options: argparse.Namespace) -> None:
    """--synthetic: one step that is not timed, then those that are."""
    network = make_network(options, 10).train()
    optimizer = torch.optim.SGD(network.parameters(), options.lr, momentum=0.9, weight_decay=options.weight_decay)
    step = make_step(network, optimizer, clip=options.clip)
    images, labels = torch.randn(options.batch, 3, options.image, options.image), torch.randint(10, (options.batch,))
    step(images, labels, options.drop_path)
    seconds, processor = [], time.process_time()
    for _ in range(options.synthetic):
        began = time.perf_counter()
        step(images, labels, options.drop_path)
        seconds.append(time.perf_counter() - began)
    say(
        weights=count_weights(network),
        median=statistics.median(seconds),
        min=min(seconds),
        max=max(seconds),
        processorSeconds=(time.process_time() - processor) / len(seconds),
        peakMemoryBytes=peak_memory_bytes(),
        torch=torch.__version__,
    )


def train(options: argparse.Namespace) -> None:
    """--data: all epochs."""
    began = time.perf_counter()
    images = read_folder(options.data / "train", imbalance=options.imbalance, seed=options.seed)
    scale = images.statistics
    network = make_network(options, len(images.classes)).train()
    optimizer = torch.optim.SGD(network.parameters(), options.lr, momentum=0.9, weight_decay=options.weight_decay)
    step = make_step(network, optimizer, clip=options.clip)
    say(
        images=len(images.labels),
        counts=torch.bincount(images.labels).tolist(),
        weights=count_weights(network),
        secondsToRead=time.perf_counter() - began,
        torch=torch.__version__,
    )
    for epoch in range(options.epochs):
        reset_peak()
        began = time.perf_counter()
        t = epoch / options.epochs
        optimizer.param_groups[0]["lr"] = options.lr * (1 + math.cos(math.pi * t)) / 2
        # A batch norm cannot train on one image.
        order = [part for part in torch.randperm(len(images.labels)).split(options.batch) if len(part) > 1]
        losses = [
            step(augment(images.pixels[part], scale), images.labels[part], options.drop_path * t)
            for part in order[: options.steps]
        ]
        say(
            epoch=epoch,
            steps=len(losses),
            loss=torch.stack(losses).mean().item(),
            lr=optimizer.param_groups[0]["lr"],
            seconds=time.perf_counter() - began,
            peakMemoryBytes=peak_memory_bytes(),
        )
    if options.test:
        by_class = accuracy(network, read_folder(options.data / "test"), scale)
        say(testAccuracy=statistics.mean(by_class), perClass=by_class)


def main() -> None:
    """What was asked for."""
    options = parse_arguments()
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    train(options) if options.synthetic is None else time_steps(options)


if __name__ == "__main__":
    main()
