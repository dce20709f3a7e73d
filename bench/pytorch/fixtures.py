"""Makes the parity fixtures: what PyTorch computes from the inputs of inputs.py, as JSON that a TypeScript test reads.

    python bench/pytorch/fixtures.py

Writes test/fixtures/darts-*.json.br and bilateral-*.json.br in about a minute on one core; the same machine and versions
give the same bytes.
"""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from bilateral import ALPHA_NAMES, BilateralAlpha, BilateralNetwork, BnScope, Pair, PairImages, mixed_loss
from bilateral_step import bilateral_step, soft_freeze, start_bilateral
from darts import SearchNetwork, Shape
from derived import CellGenotype, DerivedNetwork, Genotype
from inputs import fill, make_alpha, noise_tensor, train_batch, valid_batch
from layouts import DRAW_STEP, Run, draws, full_size, three_runs
from record import NOTES, alpha_rows, buffers, describe, digests, one_pass, save
from step import Batch, search_step, start_search

STEPS = 3
WEIGHT_LR = 0.025
BATCH = 6
GENOTYPE = Genotype(
    normal=CellGenotype(
        [[("sep_conv_3x3", 0), ("skip_connect", 1)], [("dil_conv_5x5", 2), ("max_pool_3x3", 0)]], [2, 3]
    ),
    reduction=CellGenotype(
        [[("avg_pool_3x3", 0), ("skip_connect", 1)], [("sep_conv_5x5", 2), ("dil_conv_3x3", 1)]], [2, 3]
    ),
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
FLOAT32_NOTES = (
    "Weights, alpha and images are rounded to float32 first, for float64 as well.",
    "layouts: relative L2 differences of gradients between float32 in two memory formats and float64, by draw: "
    "draw d is the training pair of step 100 + d, in training mode, at the mixing of pass.",
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
            "normal": sum(GENOTYPE.normal.nodes, []),
            "normalConcat": GENOTYPE.normal.concat,
            "reduction": sum(GENOTYPE.reduction.nodes, []),
            "reductionConcat": GENOTYPE.reduction.concat,
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


def _bilateral(
    shape: Shape, bn_scope: BnScope, *, dtype: torch.dtype = torch.float64, channels_last: bool = False
) -> Run:
    network = BilateralNetwork(shape, bn_scope=bn_scope, channels_last=channels_last).to(dtype)
    fill(network)
    size = (len(shape.edges), 8)
    alpha = (noise_tensor(1 + a, size, scale=0.5).to(dtype).requires_grad_() for a in range(len(ALPHA_NAMES)))
    return Run(network, BilateralAlpha(*alpha))


def _bilateral_pass(run: Run, pair: Pair, *, brief: bool = False) -> dict:
    """`pass` of the notes."""
    network, alpha = run
    logits, loss, gradients = _forward_backward(run, pair, mixing=PASS_MIXING)
    found = {
        "mixing": PASS_MIXING,
        "logits": logits.tolist(),
        "loss": loss.item(),
        "alphaGradient": _rows(gradients[: len(alpha)]),
        "weightGradients": digests(gradients[len(alpha) :], brief=brief),
        "buffers": digests(list(buffers(network).values()), brief=brief),
    }
    network.eval()
    images = pair.instance.images
    with torch.no_grad():
        found["evalLogits"] = network(PairImages(images, images, PASS_MIXING), alpha).tolist()
    return found


def _end(shape: Shape, bn_scope: BnScope, *, size: int, mixing: float) -> dict:
    """An entry of `ends`: there the head that has no share in the loss has gradients of exactly 0."""
    run = _bilateral(shape, bn_scope)
    _, loss, gradients = _forward_backward(run, _pair(0, shape, size=size), mixing=mixing)
    return {"mixing": mixing, "loss": loss.item(), "alphaGradient": _named_digests(gradients[: len(run.alpha)])}


def _forward_backward(run: Run, pair: Pair, *, mixing: float) -> tuple[Tensor, Tensor, list[Tensor]]:
    """Logits, loss, and the gradients of alpha and then of the weights."""
    network, alpha = run
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


def _describe_bilateral(shape: Shape, bn_scope: BnScope, *, size: int) -> dict:
    network, _ = _bilateral(shape, bn_scope)
    return {
        "notes": BILATERAL_NOTES,
        **describe(network, shape, batch=BATCH, size=size),
        "bnScope": bn_scope,
        "logitScale": network.logit_scale,
        "alphaNames": ALPHA_NAMES,
    }


def bilateral(shape: Shape, bn_scope: BnScope, *, size: int, orders: tuple[int, ...]) -> dict:
    """A tiny bilateral supernet in float64: one pass, the ends of mixing, and search steps of the orders asked for."""
    names = {1: "firstOrder", 2: "secondOrder"}
    return {
        **_describe_bilateral(shape, bn_scope, size=size),
        "weightLr": WEIGHT_LR,
        "archLr": start_bilateral(*_bilateral(shape, bn_scope)).alpha_optimizer.defaults["lr"],
        "pass": _bilateral_pass(_bilateral(shape, bn_scope), _pair(0, shape, size=size)),
        "ends": [_end(shape, bn_scope, size=size, mixing=mixing) for mixing in (0, 1)],
        **{names[order]: _bilateral_steps(shape, bn_scope, size=size, order=order) for order in orders},
    }


def bilateral_float32(shape: Shape, bn_scope: BnScope, *, size: int) -> dict:
    """A small bilateral supernet that starts from float32 numbers: one pass in float64, and `layouts` of the notes."""

    def fresh(channels_last: bool) -> Run:
        return _bilateral(shape, bn_scope, dtype=torch.float32, channels_last=channels_last)

    def pair(run: Run, k: int) -> Pair:
        images = ((batch.images.float(), batch.labels) for batch in _pair(k, shape, size=size))
        return Pair(*(Batch(x.to(run.alpha[0].dtype), labels) for x, labels in images))

    def gradients(run: Run, draw: int) -> list[Tensor]:
        return _forward_backward(run, pair(run, DRAW_STEP + draw), mixing=PASS_MIXING)[2]

    exact = three_runs(fresh)["float64"]
    return {
        **_describe_bilateral(shape, bn_scope, size=size),
        "notes": (*BILATERAL_NOTES, *FLOAT32_NOTES),
        "pass": _bilateral_pass(exact, pair(exact, 0), brief=True),
        "layouts": draws(three_runs(fresh), gradients),
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    two_nodes = Shape(channels=4, layers=3, nodes=2, classes=5)
    three_nodes = Shape(channels=4, layers=3, nodes=3, classes=5)
    normal_last = Shape(channels=4, layers=4, nodes=2, classes=5)
    one_channel = Shape(channels=4, layers=3, nodes=2, classes=5, in_channels=1)
    save("darts-nodes2", small(two_nodes, size=8))
    save("darts-nodes3", small(three_nodes, size=8))
    save("darts-odd", small(one_channel, size=9))
    save("darts-derived", derived(two_nodes, size=8))
    save("darts-full", full_size())
    save("bilateral-joint", bilateral(two_nodes, "joint", size=8, orders=(1, 2)))
    save("bilateral-branch", bilateral(normal_last, "perBranch", size=8, orders=(1,)))
    # Larger: in the tiny networks a single flip at a kink moves the gradients by 1 %, and most images have none.
    save("bilateral-float32", bilateral_float32(replace(two_nodes, channels=8), "joint", size=16))
