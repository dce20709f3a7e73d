"""Makes the parity fixtures: what PyTorch computes from the inputs of inputs.py, as JSON that a TypeScript test reads.

    python bench/pytorch/fixtures.py

Writes test/fixtures/darts-*.json and bilateral-*.json in about a minute on one core; the same machine and versions
give the same bytes.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from bilateral import ALPHA_NAMES, BilateralAlpha, BilateralNetwork, BnScope, Pair, PairImages, mixed_loss
from bilateral_step import bilateral_step, soft_freeze, start_bilateral
from darts import DerivedNetwork, Genotype, SearchNetwork, Shape
from inputs import fill, make_alpha, noise_tensor, train_batch, valid_batch
from layouts import full_size
from record import NOTES, alpha_rows, buffers, describe, digests, one_pass, save
from step import Batch, search_step, start_search

STEPS = 3
WEIGHT_LR = 0.025
BATCH = 6
GENOTYPE = Genotype(
    normal=[("sep_conv_3x3", 0), ("skip_connect", 1), ("dil_conv_5x5", 2), ("max_pool_3x3", 0)],
    normal_concat=[2, 3],
    reduction=[("avg_pool_3x3", 0), ("skip_connect", 1), ("sep_conv_5x5", 2), ("dil_conv_3x3", 1)],
    reduction_concat=[2, 3],
)
PASS_MIXING = 0.7
STEP_MIXINGS = (0.9, 0.6, 0.2)
BILATERAL_NOTES = (
    *NOTES[:4],
    "alpha number a, in the order of alphaNames, is 0.5 * noise(1 + a).",
    "Images of step k are 1.5 * noise(seed + k): train instance 3, train class 33, valid instance 13, valid class 43.",
    "Label of image i of step k, mod classes: train instance 7i + 3k, train class 3i + k + 2, "
    "valid instance 5i + 2k + 1, valid class 2i + 4k + 3.",
    "bnScope joint: both batches in one pass through the backbone, instance first; "
    "perBranch: two passes, instance first.",
    "pass: one forward and backward in training mode from a fresh state (means 0, variances 1) on the training pair of "
    "step 0; buffers are those after it; evalLogits: both heads on the instance images in evaluation mode after it.",
    "ends: the same forward and backward from a fresh state at mixing 0 and 1.",
    "firstOrder, secondOrder: whole steps from a fresh state, alpha first; backboneFactor is on the architecture "
    "learning rate of the backbone; alphaGradient is what Adam got, before its weight decay.",
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


def _pair(k: int, shape: Shape, *, size: int, valid: bool = False) -> Pair:
    """The training or validation batches of step k; the class batch differs in its image seed and its labels."""
    sizes = {"batch": BATCH, "size": size, "dtype": torch.float64}
    images = train_batch(k, shape, **sizes, seed=43 if valid else 33).images
    i = torch.arange(BATCH)
    labels = 2 * i + 4 * k + 3 if valid else 3 * i + k + 2
    return Pair((valid_batch if valid else train_batch)(k, shape, **sizes), Batch(images, labels % shape.classes))


def _bilateral(shape: Shape, bn_scope: BnScope) -> tuple[BilateralNetwork, BilateralAlpha]:
    """Both in their fresh state."""
    network = BilateralNetwork(shape, bn_scope=bn_scope).double()
    fill(network)
    size = (len(shape.edges), 8)
    alpha = (noise_tensor(1 + a, size, scale=0.5).requires_grad_() for a in range(len(ALPHA_NAMES)))
    return network, BilateralAlpha(*alpha)


def _bilateral_pass(shape: Shape, bn_scope: BnScope, *, size: int) -> dict:
    """`pass` of the notes."""
    network, alpha = _bilateral(shape, bn_scope)
    pair = _pair(0, shape, size=size)
    logits, loss, gradients = _forward_backward(network, alpha, pair, mixing=PASS_MIXING)
    found = {
        "mixing": PASS_MIXING,
        "logits": logits.tolist(),
        "loss": loss.item(),
        "alphaGradient": _rows(gradients[: len(alpha)]),
        "weightGradients": digests(gradients[len(alpha) :]),
        "buffers": digests(list(buffers(network).values())),
    }
    network.eval()
    images = pair.instance.images
    with torch.no_grad():
        found["evalLogits"] = network(PairImages(images, images, PASS_MIXING), alpha).tolist()
    return found


def _end(shape: Shape, bn_scope: BnScope, *, size: int, mixing: float) -> dict:
    """An entry of `ends`: there the head that has no share in the loss has gradients of exactly 0."""
    network, alpha = _bilateral(shape, bn_scope)
    _, loss, gradients = _forward_backward(network, alpha, _pair(0, shape, size=size), mixing=mixing)
    return {"mixing": mixing, "loss": loss.item(), "alphaGradient": _named_digests(gradients[: len(alpha)])}


def _forward_backward(
    network: BilateralNetwork, alpha: BilateralAlpha, pair: Pair, *, mixing: float
) -> tuple[Tensor, Tensor, list[Tensor]]:
    """Logits, loss, and the gradients of alpha and then of the weights."""
    logits = network(PairImages(*(batch.images for batch in pair), mixing), alpha)
    loss = mixed_loss(logits, pair, mixing=mixing)
    return logits, loss, list(torch.autograd.grad(loss, [*alpha, *network.parameters()]))


def _rows(alpha: Sequence[Tensor]) -> dict:
    """Alpha or its gradient in full, by name: [edges][8] each."""
    return {name: rows.tolist() for name, rows in zip(ALPHA_NAMES, alpha, strict=True)}


def _named_digests(alpha: Sequence[Tensor]) -> dict:
    return dict(zip(ALPHA_NAMES, digests(list(alpha)), strict=True))


def _bilateral_steps(shape: Shape, bn_scope: BnScope, *, size: int, order: int) -> list[dict]:
    """A whole search step at each mixing, what each leaves behind, and the buffers after the last."""
    network, alpha = _bilateral(shape, bn_scope)
    search = start_bilateral(network, alpha, weight_lr=WEIGHT_LR)
    records = []
    for k, mixing in enumerate(STEP_MIXINGS):
        train, valid = _pair(k, shape, size=size), _pair(k, shape, size=size, valid=True)
        factor = soft_freeze(mixing)
        seen = bilateral_step(search, train, valid, mixing=mixing, backbone_factor=factor, order=order)
        records.append(
            {
                "mixing": mixing,
                "backboneFactor": factor,
                "trainLoss": seen.train_loss,
                "validLoss": seen.valid_loss,
                "gradNorm": seen.grad_norm,
                "alphaGradient": _named_digests([rows.grad for rows in alpha]),
                "alpha": _rows(alpha),
                "weights": digests(list(network.parameters())),
            }
        )
    records[-1]["buffers"] = digests(list(buffers(network).values()))
    return records


def bilateral(shape: Shape, bn_scope: BnScope, *, size: int, orders: tuple[int, ...]) -> dict:
    """A tiny bilateral supernet in float64: one pass, the ends of mixing, and search steps of the orders asked for."""
    network, alpha = _bilateral(shape, bn_scope)
    names = {1: "firstOrder", 2: "secondOrder"}
    return {
        "notes": BILATERAL_NOTES,
        **describe(network, shape, batch=BATCH, size=size),
        "bnScope": bn_scope,
        "logitScale": network.logit_scale,
        "alphaNames": ALPHA_NAMES,
        "weightLr": WEIGHT_LR,
        "archLr": start_bilateral(network, alpha).alpha_optimizer.defaults["lr"],
        "pass": _bilateral_pass(shape, bn_scope, size=size),
        "ends": [_end(shape, bn_scope, size=size, mixing=mixing) for mixing in (0, 1)],
        **{names[order]: _bilateral_steps(shape, bn_scope, size=size, order=order) for order in orders},
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
    save("bilateral-joint.json", bilateral(two_nodes, "joint", size=8, orders=(1, 2)))
    save("bilateral-branch.json", bilateral(two_nodes, "perBranch", size=8, orders=(1,)))
