"""Times whole search steps of DARTS in PyTorch, as a user would run them: prints one line of JSON.

    python bench/pytorch/step_time.py --channels 16 --layers 8 --batch 32 --steps 3 --threads 2 --layout channels_last
"""

import argparse
import json
import resource
import statistics
import sys
import time

import torch

from darts import Alpha, SearchNetwork, Shape
from step import Batch, Search, search_step, start_search

CLASSES = 10
SIZE = 32


def parse_arguments() -> argparse.Namespace:
    """The size of the network and of the run."""
    parser = argparse.ArgumentParser(description="Seconds per search step of DARTS in PyTorch, as JSON.")
    parser.add_argument("--channels", type=int, default=16)
    parser.add_argument("--layers", type=int, default=8)
    parser.add_argument("--batch", type=int, default=32, help="images of the training and of the validation batch each")
    parser.add_argument("--steps", type=int, default=3, help="timed steps, after one that is not")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--layout", choices=("nchw", "channels_last"), default="nchw")
    parser.add_argument("--order", type=int, choices=(1, 2), default=1)
    return parser.parse_args()


def start(shape: Shape, *, channels_last: bool) -> Search:
    """A search from DARTS' initial values."""
    network = SearchNetwork(shape, channels_last=channels_last)
    alpha = Alpha(*((1e-3 * torch.randn(len(shape.edges), 8)).requires_grad_() for _ in range(2)))
    return start_search(network, alpha)


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
    search = start(shape, channels_last=options.layout == "channels_last")
    train, valid = random_batch(shape, options.batch), random_batch(shape, options.batch)
    search_step(search, train, valid, order=options.order)
    seconds = []
    for _ in range(options.steps):
        began = time.perf_counter()
        search_step(search, train, valid, order=options.order)
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
