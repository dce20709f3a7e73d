"""One search step of the bilateral network, DARTS' own step on mixed batches, with a learning rate for the backbone's alpha (HLS).

Run as a script, it checks the mixed loss, the frozen backbone, and the second-order gradient of all four alphas.
"""

import math
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
    """DARTS' optimizers; Adam has a group of its own for the backbone, the first, and leaves a group of rate 0 alone."""
    search = start_search(network, alpha, weight_lr=weight_lr)
    adam = torch.optim.Adam([{"params": alpha[:2]}, {"params": alpha[2:]}], **search.alpha_optimizer.defaults)
    adam.register_step_pre_hook(_skip_frozen)
    return replace(search, alpha_optimizer=adam)


def bilateral_step(
    search: Search, train: Pair, valid: Pair, *, mixing: float, backbone_factor: float, order: int = 1
) -> StepRecord:
    """search_step with both losses mixed. The backbone's alpha moves at `backbone_factor` times the rate of the heads'."""
    backbone, heads = search.alpha_optimizer.param_groups
    backbone["lr"] = backbone_factor * heads["lr"]
    return search_step(search, mixed(search, train, mixing), mixed(search, valid, mixing), order=order)


def mixed(search: Search, pair: Pair, mixing: float) -> Batch:
    """A pair as one batch of step.py: cross-entropy is linear in the label, so that by m y_I + (1 - m) y_C is mixed_loss."""
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
