"""Times whole search steps of DARTS or HLS in PyTorch, as a user would run them: prints one line of JSON.

    python bench/pytorch/step_time.py --channels 16 --layers 8 --batch 32 --steps 3 --threads 2 --layout channels_last
"""

import argparse
import json
import resource
import statistics
import sys
import time
from collections.abc import Callable

import torch
from torch import Tensor

from bilateral import ALPHA_NAMES, BilateralAlpha, BilateralNetwork, Pair
from bilateral_step import bilateral_step, soft_freeze, start_bilateral
from darts import Alpha, SearchNetwork, Shape
from step import Batch, StepRecord, search_step, start_search

CLASSES = 10
SIZE = 32
MIXING = 0.5


def parse_arguments() -> argparse.Namespace:
    """The size of the network and of the run."""
    parser = argparse.ArgumentParser(description="Seconds per search step in PyTorch, as JSON.")
    parser.add_argument("--method", choices=("darts", "hls"), default="darts")
    parser.add_argument("--channels", type=int, default=16)
    parser.add_argument("--layers", type=int, default=8)
    parser.add_argument("--batch", type=int, default=32, help="images of every batch: HLS has two of each kind")
    parser.add_argument("--steps", type=int, default=3, help="timed steps, after one that is not")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--layout", choices=("nchw", "channels_last"), default="nchw")
    parser.add_argument("--order", type=int, choices=(1, 2), default=1)
    return parser.parse_args()


def fresh_alpha(shape: Shape) -> Tensor:
    """DARTS' initial values for one kind of cell."""
    return (1e-3 * torch.randn(len(shape.edges), 8)).requires_grad_()


def darts(shape: Shape, *, batch: int, order: int, channels_last: bool) -> Callable[[], StepRecord]:
    """A step of DARTS: one training and one validation batch."""
    network = SearchNetwork(shape, channels_last=channels_last)
    search = start_search(network, Alpha(*(fresh_alpha(shape) for _ in range(2))))
    train, valid = random_batch(shape, batch), random_batch(shape, batch)
    return lambda: search_step(search, train, valid, order=order)


def hls(shape: Shape, *, batch: int, order: int, channels_last: bool) -> Callable[[], StepRecord]:
    """A step of HLS: a pair of training and a pair of validation batches, the backbone sees each pair at once."""
    network = BilateralNetwork(shape, channels_last=channels_last)
    search = start_bilateral(network, BilateralAlpha(*(fresh_alpha(shape) for _ in ALPHA_NAMES)))
    train, valid = (Pair(random_batch(shape, batch), random_batch(shape, batch)) for _ in range(2))
    factor = soft_freeze(MIXING)
    return lambda: bilateral_step(search, train, valid, mixing=MIXING, backbone_factor=factor, order=order)


def random_batch(shape: Shape, size: int) -> Batch:
    images = torch.randn(size, shape.in_channels, SIZE, SIZE)
    return Batch(images, torch.randint(shape.classes, (size,)))


def peak_memory_bytes() -> int:
    """Peak resident memory of this process; the system counts in bytes on macOS, in KiB elsewhere."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def main() -> None:
    """One warm-up step, then the timed ones: alpha step and weight step with optimizers and clipping."""
    options = parse_arguments()
    torch.manual_seed(0)
    torch.set_num_threads(options.threads)
    shape = Shape(channels=options.channels, layers=options.layers, classes=CLASSES)
    start = hls if options.method == "hls" else darts
    channels_last = options.layout == "channels_last"
    step = start(shape, batch=options.batch, order=options.order, channels_last=channels_last)
    step()
    seconds = []
    for _ in range(options.steps):
        began = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - began)
    measured = {
        "median": statistics.median(seconds),
        "min": min(seconds),
        "max": max(seconds),
        "peakMemoryBytes": peak_memory_bytes(),
    }
    print(json.dumps({**vars(options), **measured, "torch": torch.__version__}))


if __name__ == "__main__":
    main()
