"""One search step of HLS (arXiv 2406.07028): DARTS' own on pairs of batches, the backbone's alpha at its own rate.

Run as a script, it checks the mixed loss and that a backbone factor of 0 leaves its alpha and their Adam alone.
"""

import math
from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor
from torch.nn import functional as F

from bilateral import ALPHA_NAMES, BilateralAlpha, BilateralNetwork, Pair, PairImages, mixed_loss
from darts import Shape
from step import Batch, Search, StepRecord, search_step, start_search


def soft_freeze(mixing: float) -> float:
    """The factor on the backbone's architecture learning rate: s(m) = exp(1 - 1/m), s(0) = 0."""
    return 0.0 if mixing == 0 else math.exp(1 - 1 / mixing)


def start_bilateral(network: BilateralNetwork, alpha: BilateralAlpha, *, weight_lr: float = 0.025) -> Search:
    """DARTS' optimizers; Adam has two groups, backbone and heads, and leaves a group of rate 0 alone."""
    search = start_search(network, alpha, weight_lr=weight_lr)
    adam = torch.optim.Adam([{"params": alpha[:2]}, {"params": alpha[2:]}], **search.alpha_optimizer.defaults)
    adam.register_step_pre_hook(_skip_frozen)
    return replace(search, alpha_optimizer=adam)


def bilateral_step(
    search: Search,
    train: Pair,
    valid: Pair,
    *,
    mixing: float,
    backbone_factor: float,
    order: int = 1,
    step: Callable[..., object] = search_step,
) -> object:
    """search_step, or another `step`, on mixed batches. The backbone's alpha moves at `backbone_factor` times the rate of the heads'."""
    backbone, heads = search.alpha_optimizer.param_groups
    backbone["lr"] = backbone_factor * heads["lr"]
    return step(search, mixed(search, train, mixing), mixed(search, valid, mixing), order=order)


def mixed(search: Search, pair: Pair, mixing: float) -> Batch:
    """One batch for step.py: cross-entropy is linear in its label, so m y_I + (1 - m) y_C gives mixed_loss."""
    classes = search.network.get_submodule("instance").classifier.out_features
    instance, by_class = (F.one_hot(batch.labels, classes).to(batch.images.dtype) for batch in pair)
    images = PairImages(pair.instance.images, pair.by_class.images, mixing)
    return Batch(images, mixing * instance + (1 - mixing) * by_class)


def _skip_frozen(adam: torch.optim.Adam, *_: object) -> None:
    """Adam passes over what has no gradient; a rate of 0 alone would still move its moments."""
    for group in adam.param_groups:
        if group["lr"] == 0:
            for rows in group["params"]:
                rows.grad = None


def _check() -> None:
    """Both claims on a small network in float64."""
    shape = Shape(channels=4, layers=3, nodes=2, classes=5)
    network = BilateralNetwork(shape).double()
    size = (len(shape.edges), 8)
    alpha = BilateralAlpha(*(torch.randn(size, dtype=torch.float64, requires_grad=True) for _ in ALPHA_NAMES))
    search = start_bilateral(network, alpha)
    batches = [Batch(torch.randn(6, 3, 8, 8).double(), torch.randint(5, (6,))) for _ in range(4)]
    train, valid = Pair(*batches[:2]), Pair(*batches[2:])

    batch = mixed(search, train, 0.3)
    logits = network(batch.images, alpha)
    error = abs(F.cross_entropy(logits, batch.labels) - mixed_loss(logits, train, mixing=0.3)).item()
    assert error < 1e-12, f"Cannot trust this reference: the loss by mixed labels is off by {error:.2g}"

    for factor, expected in ((1.0, [True] * 4), (0.0, [False, False, True, True])):
        before = [_adam_state(search, rows) for rows in alpha]
        bilateral_step(search, train, valid, mixing=0.3, backbone_factor=factor)
        moved = [not torch.equal(_adam_state(search, rows), old) for rows, old in zip(alpha, before)]
        assert moved == expected, f"Cannot trust this reference: at factor {factor} {ALPHA_NAMES} moved as {moved}"
    print(f"mixed loss: off by {error:.2g}; factor 0: backbone alpha and its Adam untouched, heads moved")


def _adam_state(search: Search, rows: Tensor) -> Tensor:
    """Alpha and all that Adam keeps for it, copied into one vector."""
    state = search.alpha_optimizer.state[rows].values()
    return torch.cat([x.detach().double().flatten() for x in (rows, *state)])


if __name__ == "__main__":
    torch.manual_seed(0)
    torch.set_num_threads(1)
    _check()
