"""Times single tiny operations called from Python: what a call costs, not what it computes. Prints one line of JSON.

    python bench/pytorch/op_time.py
"""

import json
import statistics
import timeit

import torch

CALLS = 2_000
BATCHES = 100


@torch.no_grad()
def main() -> None:
    """Microseconds a call, result freed: median and minimum over batches of calls, the loop itself included."""
    torch.set_num_threads(1)
    names = {
        "torch": torch,
        "one": torch.ones(1),
        "other": torch.ones(1),
        "two": torch.ones(2, 2),
        "four": torch.ones(4),
    }
    calls = {
        "add": "torch.add(one, other)",
        "relu": "torch.relu(one)",
        "mm": "torch.mm(two, two)",
        "narrow": "torch.narrow(four, 0, 1, 2)",
        "reshape": "torch.reshape(four, (2, 2))",
    }
    found = {}
    for name, call in calls.items():
        seconds = timeit.repeat(call, globals=names, number=CALLS, repeat=BATCHES)
        micros = [1e6 * s / CALLS for s in seconds]
        found[name] = {"median": round(statistics.median(micros), 3), "min": round(min(micros), 3)}
    print(json.dumps({"unit": "microseconds", **found, "torch": torch.__version__}))


if __name__ == "__main__":
    main()
