"""Times one piece of work (a search step, unless --task says another) in PyTorch, as a user would run it.

    python bench/pytorch/step_time.py --batch 32 --steps 3 --threads 2 --layout channels_last

Options and answers are those of bench/own-step.ts.
"""

import argparse
import json
import resource
import statistics
import sys
import time
from collections.abc import Callable

import torch

from work import METHODS, TASKS


def parse_arguments() -> argparse.Namespace:
    """What to do, at which size, and how often."""
    parser = argparse.ArgumentParser(description="Seconds per step in PyTorch, as JSON.")
    parser.add_argument("--task", choices=TASKS, default="step")
    parser.add_argument("--method", choices=("darts", "hls", *METHODS), default="darts")
    parser.add_argument("--order", type=int, choices=(1, 2), default=1)
    parser.add_argument("--batch", type=int, default=32, help="images of every batch: HLS has two of each kind")
    parser.add_argument("--channels", type=int, default=16)
    parser.add_argument("--layers", type=int, default=8)
    parser.add_argument("--nodes", type=int, default=4)
    parser.add_argument("--image", type=int, default=32, help="height and width of the images, or of a cell's inputs")
    parser.add_argument("--kind", choices=("normal", "reduction"), default="normal")
    parser.add_argument("--op", choices=("add", "relu", "mm", "narrow", "reshape"), default="add")
    parser.add_argument("--layout", choices=("nchw", "channels_last"), default="nchw")
    parser.add_argument("--device", default="cpu", help="cpu, cuda or cuda:N")
    parser.add_argument("--graph", action="store_true", help="a search step of first order as one CUDA graph")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=3, help="timed steps, after one that is not")
    parser.add_argument("--serve", type=float, help="instead: answer every line of stdin with a turn of so many seconds")
    return parser.parse_args()


def timed(run: Callable[[], object]) -> float:
    """Seconds of one step."""
    began = time.perf_counter()
    run()
    if torch.get_default_device().type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - began


def turn(run: Callable[[], object], least: float) -> list[float]:
    """One step, or as many as it takes to fill `least` seconds."""
    seconds = [timed(run)]
    while sum(seconds) < least:
        seconds.append(timed(run))
    return seconds


def answer(seconds: list[float]) -> None:
    """One line of JSON."""
    found = {"median": statistics.median(seconds), "min": min(seconds), "max": max(seconds)}
    print(json.dumps({**found, "peakMemoryBytes": peak_memory_bytes(), "torch": torch.__version__}), flush=True)


def peak_memory_bytes() -> int:
    """Peak memory of the tensors of a GPU, or peak resident memory of this process; the system counts in bytes on macOS, in KiB elsewhere."""
    if torch.get_default_device().type == "cuda":
        return torch.cuda.max_memory_allocated()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def main() -> None:
    """A warm-up, then what was asked for."""
    options = parse_arguments()
    torch.manual_seed(0)
    torch.set_num_threads(options.threads)
    torch.set_default_device(options.device)
    run = TASKS[options.task](options)
    turn(run, options.serve or 0.0)
    if options.serve is None:
        answer([timed(run) for _ in range(options.steps)])
        return
    for _ in sys.stdin:
        answer(turn(run, options.serve))


if __name__ == "__main__":
    main()
