"""The network that DARTS trains from a genotype (arXiv 1806.09055), with drop-path and the auxiliary head.

Its module paths are tailnas' names of the same tensors: `cells.2.edges.5.sep_conv_3x3.1.weight` belongs to row 5, the
sixth edge of the genotype. Run as a script, it checks the known numbers of weights and multiply-adds:

    python bench/pytorch/derived.py
"""

import json
from collections.abc import Sequence
from functools import reduce
from operator import add
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from darts import CellNetwork, CellSpec, Shape, count_weights, preprocess
from macs import count_macs
from primitives import primitive

AUXILIARY_WEIGHT = 0.4


class CellGenotype(NamedTuple):
    """A cell: the (primitive, state) of every edge of every node, and the states that make the output."""

    nodes: list[list[tuple[str, int]]]
    concat: list[int]


class Genotype(NamedTuple):
    """An architecture. JSON has it as {"normal": {"nodes": [[{"op", "from"}]], "concat"}, "reduction": ...}."""

    normal: CellGenotype
    reduction: CellGenotype


def from_json(value: dict) -> Genotype:
    """Reads a genotype as tailnas writes it."""

    def cell(kind: str) -> CellGenotype:
        nodes = [[(edge["op"], edge["from"]) for edge in edges] for edges in value[kind]["nodes"]]
        return CellGenotype(nodes, value[kind]["concat"])

    return Genotype(cell("normal"), cell("reduction"))


def to_json(genotype: Genotype) -> dict:
    """The reverse of from_json."""
    return {
        kind: {"nodes": [[{"op": op, "from": state} for op, state in edges] for edges in nodes], "concat": concat}
        for kind, (nodes, concat) in genotype._asdict().items()
    }


def published() -> dict[str, Genotype]:
    """The cells that papers report for CIFAR-10, by name.

    DARTS, first and second order (arXiv 1806.09055), PC-DARTS (1907.05737), P-DARTS (1904.12760), SNAS (1812.09926),
    GDAS (1910.04465), DrNAS (2006.10355).
    """
    text = Path(__file__).with_name("genotypes.json").read_text()
    return {name: from_json(value) for name, value in json.loads(text).items()}


class DropPath(NamedTuple):
    """Drop-path of one pass. `masks[cell][row]`, [batch], is 1 where a sample keeps the edge; without masks it draws.

    The mask of an identity is None: it is never dropped.
    """

    probability: float
    masks: Sequence[Sequence[Tensor | None]] | None = None


NO_DROP_PATH = DropPath(0.0)


def drop_path(x: Tensor, probability: float, mask: Tensor | None = None) -> Tensor:
    """x / (1 - p) for the samples that keep it, zero for the others. x: [batch, channels, h, w]; mask: [batch]."""
    keep = 1 - probability
    if mask is None:
        mask = torch.empty(len(x), dtype=x.dtype, device=x.device).bernoulli_(keep)
    return x / keep * mask.view(-1, 1, 1, 1)


class DerivedCell(nn.Module):
    """A cell with one operation on each edge of the genotype. A node is the sum of its edges."""

    def __init__(self, spec: CellSpec, genotype: CellGenotype) -> None:
        super().__init__()
        self.preprocess0, self.preprocess1 = preprocess(spec, affine=True)
        self.nodes, self.concat = genotype
        self.multiplier = len(self.concat)
        self.edges = nn.ModuleList(
            nn.ModuleDict(
                {op: primitive(op, spec.channels, stride=2 if spec.reduction and state < 2 else 1, affine=True)}
            )
            for edges in self.nodes
            for op, state in edges
        )

    def droppable(self) -> list[bool]:
        """For every edge whether drop-path applies to it: to everything but an identity."""
        return [not isinstance(op, nn.Identity) for edge in self.edges for op in edge.values()]

    def forward(self, s0: Tensor, s1: Tensor, probability: float, masks: Sequence[Tensor | None] | None) -> Tensor:
        """s0, s1: outputs of the cell before the last, and of the last."""
        states = [self.preprocess0(s0), self.preprocess1(s1)]
        row = 0
        for edges in self.nodes:
            terms = []
            for op, state in edges:
                module = self.edges[row][op]
                x = module(states[state])
                if self.training and probability > 0 and not isinstance(module, nn.Identity):
                    x = drop_path(x, probability, None if masks is None else masks[row])
                terms.append(x)
                row += 1
            states.append(reduce(add, terms))
        return torch.cat([states[i] for i in self.concat], dim=1)


class AuxiliaryHead(nn.ModuleDict):
    """A second classifier in the middle of the network, for training only.

    DARTS' pooling (5x5, stride 3, no padding) fits a map of 8x8 only. Maps of any other size are pooled to 2x2
    adaptively. The first ReLU leaves the features alone; the public code applies it in place, which makes a
    difference where this head stands on the last cell (up to 3 cells).
    """

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__(
            {
                "0": nn.Conv2d(channels, 128, 1, bias=False),
                "1": nn.BatchNorm2d(128),
                "2": nn.Conv2d(128, 768, 2, bias=False),
                "3": nn.BatchNorm2d(768),
                "classifier": nn.Linear(768, classes),
            }
        )

    def forward(self, x: Tensor) -> Tensor:
        """[batch, channels, h, w] to logits [batch, classes]."""
        x = F.relu(x)
        x = F.avg_pool2d(x, 5, stride=3) if x.shape[2:] == (8, 8) else F.adaptive_avg_pool2d(x, 2)
        x = F.relu(self["1"](self["0"](x)))
        x = F.relu(self["3"](self["2"](x)))
        return self["classifier"](x.flatten(1))


class DerivedNetwork(CellNetwork):
    """The network of a genotype. The auxiliary head follows the second reduction, cell 2 L // 3."""

    def __init__(
        self, shape: Shape, genotype: Genotype, *, auxiliary: bool = False, channels_last: bool = False
    ) -> None:
        def cell(spec: CellSpec) -> DerivedCell:
            return DerivedCell(spec, genotype.reduction if spec.reduction else genotype.normal)

        super().__init__(shape, cell, channels_last=channels_last)
        self.auxiliary = None
        if auxiliary:
            last = self.cells[self.reductions[1]]
            width = last.multiplier * last.preprocess1[1].out_channels
            self.auxiliary = AuxiliaryHead(width, shape.classes).to(memory_format=self.memory_format)

    def forward(self, images: Tensor, dropping: DropPath = NO_DROP_PATH) -> Tensor:
        """images: [batch, in_channels, h, w]; logits [batch, classes]."""
        return self.with_auxiliary(images, dropping)[0]

    def with_auxiliary(self, images: Tensor, dropping: DropPath = NO_DROP_PATH) -> tuple[Tensor, Tensor | None]:
        """Logits, and those of the auxiliary head: none in evaluation mode."""
        probability, masks = dropping
        auxiliary = None
        s0 = s1 = self.stem_features(images)
        for index, cell in enumerate(self.cells):
            s0, s1 = s1, cell(s0, s1, probability, None if masks is None else masks[index])
            if self.training and self.auxiliary is not None and index == self.reductions[1]:
                auxiliary = self.auxiliary(s1)
        return self.classify(s1), auxiliary


def training_loss(logits: Tensor, auxiliary: Tensor | None, labels: Tensor) -> Tensor:
    """CE + 0.4 CE of the auxiliary logits."""
    loss = F.cross_entropy(logits, labels)
    return loss if auxiliary is None else loss + AUXILIARY_WEIGHT * F.cross_entropy(auxiliary, labels)


class Golden(NamedTuple):
    """What is known of a network: weights, those of its auxiliary head, and millions of multiply-adds at 32x32."""

    name: str
    channels: int
    layers: int
    classes: int
    weights: int
    auxiliary: int | None = None
    mega_macs: float | None = None


GOLDEN = (
    Golden("darts-v1", 36, 20, 10, 3_169_414, 476_426, 500.99),
    Golden("darts-v2", 36, 20, 10, 3_349_342, 476_426, 528.36),
    Golden("pc-darts", 36, 20, 10, 3_634_678, 476_426, 556.67),
    Golden("p-darts", 36, 20, 10, 3_433_798, 476_426, 532.17),
    Golden("snas", 36, 20, 10, 2_661_382, 476_426, 422.22),
    Golden("gdas", 36, 20, 10, 3_368_782, 476_426, 519.43),
    Golden("drnas", 36, 20, 10, 4_099_294, 476_426, 635.14),
    Golden("nasnet-a", 36, 20, 10, 3_830_950, 457_994, 603.45),
    Golden("darts-v1", 36, 20, 100, 3_221_344),
    Golden("darts-v2", 36, 20, 100, 3_401_272),
    Golden("pc-darts", 36, 20, 100, 3_686_608),
    Golden("p-darts", 36, 20, 100, 3_485_728),
    Golden("darts-v2", 16, 20, 10, 710_682, None, 114.57),
    Golden("darts-v2", 16, 8, 10, 246_106, 435_466, 43.44),
    Golden("darts-v2", 8, 8, 10, 69_618, 419_082, 12.61),
    Golden("darts-v2", 4, 3, 10, 2_858, 410_890),
    Golden("darts-v1", 16, 8, 10, 232_890),
    Golden("darts-v1", 4, 3, 10, 2_798),
)

NASNET_A = Genotype(
    normal=CellGenotype(
        [
            [("sep_conv_5x5", 1), ("sep_conv_3x3", 0)],
            [("sep_conv_5x5", 0), ("sep_conv_3x3", 0)],
            [("avg_pool_3x3", 1), ("skip_connect", 0)],
            [("avg_pool_3x3", 0), ("avg_pool_3x3", 0)],
            [("sep_conv_3x3", 1), ("skip_connect", 1)],
        ],
        [2, 3, 4, 5, 6],
    ),
    reduction=CellGenotype(
        [
            [("sep_conv_5x5", 1), ("sep_conv_7x7", 0)],
            [("max_pool_3x3", 1), ("sep_conv_7x7", 0)],
            [("avg_pool_3x3", 1), ("sep_conv_5x5", 0)],
            [("skip_connect", 3), ("avg_pool_3x3", 2)],
            [("sep_conv_3x3", 2), ("max_pool_3x3", 1)],
        ],
        [4, 5, 6],
    ),
)
"""NASNet-A (arXiv 1707.07012) in DARTS' terms. It has a primitive that DARTS does not search: for counts only."""


def _check() -> None:
    """Prints a line per known network; stops where one differs."""
    genotypes = {**published(), "nasnet-a": NASNET_A}
    for golden in GOLDEN:
        shape = Shape(channels=golden.channels, layers=golden.layers, classes=golden.classes)
        network = DerivedNetwork(shape, genotypes[golden.name], auxiliary=True)
        auxiliary = count_weights(network.auxiliary)
        weights = count_weights(network) - auxiliary
        mega_macs = count_macs(network, torch.zeros(1, 3, 32, 32)) / 1e6
        label = f"{golden.name}, C = {golden.channels}, {golden.layers} cells, {golden.classes} classes"
        print(f"{label}: {weights:,} weights + {auxiliary:,} in the auxiliary head, {mega_macs:.2f} MMACs")
        for what, counted, expected in (
            ("weights", weights, golden.weights),
            ("weights in its auxiliary head", auxiliary, golden.auxiliary),
            ("MMACs", mega_macs, golden.mega_macs),
        ):
            right = expected is None or abs(counted - expected) <= (0.005 if what == "MMACs" else 0)
            assert right, f"Cannot trust this reference: {label} has {counted} {what}, not {expected}"


if __name__ == "__main__":
    _check()
