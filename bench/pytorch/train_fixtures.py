"""Makes the parity fixtures of training: what PyTorch computes in float64 for derived.py and resnet.py.

    python bench/pytorch/train_fixtures.py

Writes test/fixtures/derived.json.br and resnet.json.br in a few seconds; the same machine and versions give the same
bytes. Each file is one object:

    command, versions, noise   how it was made, and a sample of the generator that its reader must reproduce
    cases                      a list of trainings, each independent of the others

A case:

    name, about                what it is there for
    channels, classes, inChannels, batch, size
                               the network; images are [batch, inChannels, size, size]
    layers, genotype, auxiliary
                               derived.json.br: cells, the cells as {"normal": {"nodes": [[{"op", "from"}]], "concat"},
                               "reduction": ...}, and whether the network has an auxiliary head
    blocks                     resnet.json.br: basic blocks per stage
    weights, buffers           [{name, shape}]. Lists of digests follow this order. Counters of batches are left out
    momentum, weightDecay, clip, auxiliaryWeight
                               of every step; the decay is on every weight, the clipping over all of them together, the
                               auxiliary head included; the loss is CE + auxiliaryWeight * CE of the auxiliary logits
    steps                      one entry per step, below
    weightGradients            digests: gradients of the first step, before clipping
    after                      {weights, buffers, evalLogits} when all steps are done: digests, and the logits
                               [batch, classes] of the images of step 0 in evaluation mode

A step k, in training mode:

    lr                         of this step
    dropPath                   the probability p; 0 where nothing is dropped
    masks                      [cell][row], row being the position of an edge in its cell of the genotype: null for an
                               identity, which is never dropped, else [batch] of 0 and 1: x / (1 - p) * mask, before
                               the sum of the node. null where p is 0
    logits, auxiliaryLogits    [batch, classes]; the latter null without an auxiliary head
    loss                       before the step
    gradNorm                   of all weights together, before clipping

What a reader fills in, with noise(seed) in [-1, 1) as in inputs.py:

    weight number w, by its place in `weights`: with more than one dimension noise(1000 + w) / sqrt(fan-in), where
    fan-in is the product of all dimensions but the first; else 0.1 noise(1000 + w), plus 1 where the name ends in
    "weight". Running means start at 0, running variances at 1.
    images of step k: 1.5 noise(3 + k); label of image i: (7 i + 3 k) mod classes.

A digest is {norm, dot, head}: the L2 norm, the dot product with noise(77), and the first 8 values in row-major order.
Weights and gradients of up to 64 values and all buffers have all of their values in `head`.
"""

import json
import platform
from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from darts import Shape
from derived import (
    AUXILIARY_WEIGHT,
    NO_DROP_PATH,
    CellGenotype,
    DerivedNetwork,
    DropPath,
    Genotype,
    published,
    to_json,
    training_loss,
)
from inputs import fill, noise, train_batch
from packed import write_packed
from record import buffers, flat
from resnet import ResNet
from step import CLIP_NORM

BATCH = 6
MOMENTUM = 0.9
WEIGHT_DECAY = 3e-4
RATES = (0.1, 0.05, 0.02)
WHOLE = 64
"""Tensors of up to so many values are kept whole."""
HEAD = 8
MASK_SEED = 600

POOLS = Genotype(
    normal=CellGenotype(
        [
            [("max_pool_3x3", 0), ("skip_connect", 1)],
            [("avg_pool_3x3", 0), ("dil_conv_5x5", 2)],
            [("avg_pool_3x3", 0), ("sep_conv_5x5", 3)],
        ],
        [2, 3, 4],
    ),
    reduction=CellGenotype(
        [
            [("skip_connect", 0), ("avg_pool_3x3", 1)],
            [("max_pool_3x3", 1), ("skip_connect", 2)],
            [("skip_connect", 1), ("avg_pool_3x3", 1)],
        ],
        [2, 3, 4],
    ),
)
UNEVEN = Genotype(
    normal=CellGenotype(
        [
            [("sep_conv_3x3", 1)],
            [("max_pool_3x3", 2), ("skip_connect", 0), ("dil_conv_3x3", 1)],
            [("skip_connect", 2), ("skip_connect", 3)],
        ],
        [2, 4],
    ),
    reduction=CellGenotype(
        [[("skip_connect", 1)], [("sep_conv_3x3", 0), ("avg_pool_3x3", 2), ("skip_connect", 0)]], [2, 3]
    ),
)


class Case(NamedTuple):
    """A training. `answers`: logits and auxiliary logits of the network in training mode."""

    header: dict
    network: nn.Module
    shape: Shape
    size: int
    clip: float
    answers: Callable[[Tensor, DropPath], tuple[Tensor, Tensor | None]]
    probabilities: tuple[float, float, float] = (0.0, 0.0, 0.0)


def derived_case(
    name: str,
    about: str,
    shape: Shape,
    genotype: Genotype,
    *,
    size: int,
    auxiliary: bool,
    probabilities: tuple[float, float, float],
    clip: float = CLIP_NORM,
) -> Case:
    """A training of a derived network."""
    network = DerivedNetwork(shape, genotype, auxiliary=auxiliary).double()
    header = {
        "name": name,
        "about": about,
        "layers": shape.layers,
        "genotype": to_json(genotype),
        "auxiliary": auxiliary,
    }
    return Case(header, network, shape, size, clip, network.with_auxiliary, probabilities)


def resnet_case(name: str, about: str, shape: Shape, *, blocks: int, size: int, clip: float = CLIP_NORM) -> Case:
    """A training of a residual network; of the shape only channels and classes count."""
    network = ResNet(
        channels=shape.channels, blocks=blocks, classes=shape.classes, in_channels=shape.in_channels
    ).double()
    header = {"name": name, "about": about, "blocks": blocks}
    return Case(header, network, shape, size, clip, lambda images, _: (network(images), None))


def masks_of(network: DerivedNetwork, k: int, probability: float) -> list[list[Tensor | None]]:
    """The masks of step k: consecutive values of noise(MASK_SEED + k), 0 for a share `probability` of them."""
    droppable = [cell.droppable() for cell in network.cells]
    drawn = (noise(MASK_SEED + k, sum(map(sum, droppable)) * BATCH) + 1) / 2 >= probability
    rows = iter(torch.from_numpy(drawn).double().split(BATCH))
    return [[next(rows) if dropped else None for dropped in cell] for cell in droppable]


def train(case: Case) -> dict:
    """All of a case."""
    network, shape = case.network.train(), case.shape
    fill(network)
    weights = dict(network.named_parameters())
    optimizer = torch.optim.SGD(weights.values(), RATES[0], momentum=MOMENTUM, weight_decay=WEIGHT_DECAY)
    steps, gradients = [], None
    for k, (lr, probability) in enumerate(zip(RATES, case.probabilities, strict=True)):
        batch = train_batch(k, shape, batch=BATCH, size=case.size, dtype=torch.float64)
        masks = masks_of(network, k, probability) if probability > 0 else None
        logits, auxiliary = case.answers(batch.images, DropPath(probability, masks) if masks else NO_DROP_PATH)
        loss = training_loss(logits, auxiliary, batch.labels)
        optimizer.zero_grad()
        loss.backward()
        gradients = gradients or digests(p.grad for p in weights.values())
        norm = torch.nn.utils.clip_grad_norm_(weights.values(), case.clip)
        optimizer.param_groups[0]["lr"] = lr
        optimizer.step()
        steps.append(
            {
                "lr": lr,
                "dropPath": probability,
                "masks": masks and [[m if m is None else m.int().tolist() for m in cell] for cell in masks],
                "logits": logits.tolist(),
                "auxiliaryLogits": None if auxiliary is None else auxiliary.tolist(),
                "loss": loss.item(),
                "gradNorm": norm.item(),
            }
        )
    network.eval()
    with torch.no_grad():
        images = train_batch(0, shape, batch=BATCH, size=case.size, dtype=torch.float64).images
        evaluated = network(images)
    return {
        **case.header,
        "channels": shape.channels,
        "classes": shape.classes,
        "inChannels": shape.in_channels,
        "batch": BATCH,
        "size": case.size,
        "weights": _paths(weights),
        "buffers": _paths(buffers(network)),
        "momentum": MOMENTUM,
        "weightDecay": WEIGHT_DECAY,
        "clip": case.clip,
        "auxiliaryWeight": AUXILIARY_WEIGHT,
        "steps": steps,
        "weightGradients": gradients,
        "after": {
            "weights": digests(weights.values()),
            "buffers": digests(buffers(network).values(), whole=True),
            "evalLogits": evaluated.tolist(),
        },
    }


def digests(tensors: Iterable[Tensor], *, whole: bool = False) -> list[dict]:
    """Enough of each tensor to recognise it, or `whole`: all of it."""
    made = []
    for values in map(flat, tensors):
        head = values if whole or values.size <= WHOLE else values[:HEAD]
        dot = float(values @ noise(77, values.size))
        made.append({"norm": float(np.linalg.norm(values)), "dot": dot, "head": head.tolist()})
    return made


def save(name: str, cases: list[Case]) -> None:
    """Trains, and writes a fixture."""
    trained = [train(case) for case in cases]
    content = {
        "command": "python bench/pytorch/train_fixtures.py",
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "numpy": np.__version__,
            "cpu": torch.backends.cpu.get_cpu_capability(),
        },
        "noise": {"seed": 77, "values": noise(77, 4).tolist()},
        "cases": trained,
    }
    text = json.dumps(content, separators=(",", ":"))
    path = write_packed(name, text)
    print(f"{path.name}: {path.stat().st_size / 1e3:.0f} kB")
    for case in trained:
        norms = ", ".join(f"{step['gradNorm']:.3g}" for step in case["steps"])
        print(f"  {case['name']}: {len(case['weights'])} weights, gradient norms {norms}, clipped at {case['clip']}")


def _paths(tensors: dict[str, Tensor]) -> list[dict]:
    return [{"name": name, "shape": list(x.shape)} for name, x in tensors.items()]


if __name__ == "__main__":
    torch.set_num_threads(1)
    save(
        "derived",
        [
            derived_case(
                "darts-v2",
                "DARTS' cells; the auxiliary head on the last cell, its map 8x8",
                Shape(channels=4, layers=3, classes=5),
                published()["darts-v2"],
                size=32,
                auxiliary=True,
                probabilities=(0.2, 0.2, 0.2),
            ),
            derived_case(
                "pools",
                "every pool and skip at either stride; the auxiliary head before the last cell, its map 5x5",
                Shape(channels=4, layers=4, classes=5),
                POOLS,
                size=20,
                auxiliary=True,
                probabilities=(0.0, 0.3, 0.4),
            ),
            derived_case(
                "uneven",
                "nodes of 1 to 3 edges, outputs of different width, odd maps, one channel; no auxiliary head",
                Shape(channels=3, layers=5, classes=4, in_channels=1),
                UNEVEN,
                size=18,
                auxiliary=False,
                probabilities=(0.3, 0.0, 0.3),
            ),
        ],
    )
    save(
        "resnet",
        [
            resnet_case("one-block", "8 layers", Shape(channels=4, classes=5), blocks=1, size=16),
            resnet_case(
                "two-blocks",
                "14 layers, an odd width, odd maps, one channel",
                Shape(channels=5, classes=4, in_channels=1),
                blocks=2,
                size=13,
            ),
        ],
    )
