"""Makes the parity fixtures: what PyTorch computes from the inputs of inputs.py, as JSON that a TypeScript test reads.

    python bench/pytorch/fixtures.py

Writes test/fixtures/darts-*.json in about a minute on one core; the same machine and versions give the same bytes.
"""

import torch

from darts import DerivedNetwork, Genotype, SearchNetwork, Shape
from inputs import fill, make_alpha, train_batch, valid_batch
from layouts import full_size
from record import alpha_rows, buffers, describe, digests, one_pass, save
from step import search_step, start_search

STEPS = 3
WEIGHT_LR = 0.025
BATCH = 6
GENOTYPE = Genotype(
    normal=[("sep_conv_3x3", 0), ("skip_connect", 1), ("dil_conv_5x5", 2), ("max_pool_3x3", 0)],
    normal_concat=[2, 3],
    reduction=[("avg_pool_3x3", 0), ("skip_connect", 1), ("sep_conv_5x5", 2), ("dil_conv_3x3", 1)],
    reduction_concat=[2, 3],
)


def _network(shape: Shape) -> SearchNetwork:
    network = SearchNetwork(shape).double()
    fill(network)
    return network


def _steps(shape: Shape, *, size: int, order: int) -> list[dict]:
    """Three whole search steps from a fresh state, what each leaves behind, and the buffers after the last."""
    network, alpha = _network(shape), make_alpha(shape, torch.float64)
    search = start_search(network, alpha, weight_lr=WEIGHT_LR)
    records = []
    for k in range(STEPS):
        train = train_batch(k, shape, batch=BATCH, size=size, dtype=torch.float64)
        valid = valid_batch(k, shape, batch=BATCH, size=size, dtype=torch.float64)
        seen = search_step(search, train, valid, order=order)
        records.append(
            {
                "trainLoss": seen.train_loss,
                "validLoss": seen.valid_loss,
                "gradNorm": seen.grad_norm,
                "alpha": alpha_rows(alpha),
                "weights": digests(list(network.parameters())),
            }
        )
    records[-1]["buffers"] = digests(list(buffers(network).values()))
    return records


def small(shape: Shape, *, size: int) -> dict:
    """A tiny supernet in float64: one pass, and search steps of either order from the same fresh state."""
    network = _network(shape)
    batch = train_batch(0, shape, batch=BATCH, size=size, dtype=torch.float64)
    return {
        **describe(network, shape, batch=BATCH, size=size),
        "weightLr": WEIGHT_LR,
        "pass": one_pass(network, batch, make_alpha(shape, torch.float64)),
        "firstOrder": _steps(shape, size=size, order=1),
        "secondOrder": _steps(shape, size=size, order=2),
    }


def derived(shape: Shape, *, size: int) -> dict:
    """A tiny derived network in float64: one pass."""
    network = DerivedNetwork(shape, GENOTYPE).double()
    fill(network)
    batch = train_batch(0, shape, batch=BATCH, size=size, dtype=torch.float64)
    return {
        **describe(network, shape, batch=BATCH, size=size),
        "genotype": {
            "normal": GENOTYPE.normal,
            "normalConcat": GENOTYPE.normal_concat,
            "reduction": GENOTYPE.reduction,
            "reductionConcat": GENOTYPE.reduction_concat,
        },
        "pass": one_pass(network, batch),
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    two_nodes = Shape(channels=4, layers=3, nodes=2, classes=5)
    three_nodes = Shape(channels=4, layers=3, nodes=3, classes=5)
    one_channel = Shape(channels=4, layers=3, nodes=2, classes=5, in_channels=1)
    save("darts-nodes2.json", small(two_nodes, size=8))
    save("darts-nodes3.json", small(three_nodes, size=8))
    save("darts-odd.json", small(one_channel, size=9))
    save("darts-derived.json", derived(two_nodes, size=8))
    save("darts-full.json", full_size())
