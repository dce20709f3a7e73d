"""DARTS' search network (arXiv 1806.09055): the reference that tailnas is compared with.

Organised as the public DARTS code is: every operation of every edge is applied by itself, and a node sums the
weighted results. Run as a script, it checks the known numbers of weights.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from primitives import PRIMITIVES, FactorizedReduce, primitive, relu_conv_bn


class Alpha(NamedTuple):
    """Architecture parameters, one row an edge: [edges, 8] each."""

    normal: Tensor
    reduction: Tensor


@dataclass(frozen=True)
class Shape:
    """The size of a network; `nodes` counts the intermediate nodes of a cell."""

    channels: int = 16
    layers: int = 8
    nodes: int = 4
    classes: int = 10
    in_channels: int = 3

    @property
    def edges(self) -> list[tuple[int, int]]:
        """(node, from) of every edge of a cell: node 0's from states 0 and 1, then node 1's from 0, 1, 2, and so on."""
        return [(node, state) for node in range(self.nodes) for state in range(2 + node)]

    @property
    def reductions(self) -> tuple[int, int]:
        """Indices of the cells that halve the image and double the channels."""
        return self.layers // 3, 2 * self.layers // 3


@dataclass(frozen=True)
class CellSpec:
    """Where a cell stands: channels of its inputs and its own, whether it reduces, whether the cell before it did."""

    inputs: tuple[int, int]
    channels: int
    reduction: bool
    after_reduction: bool


class MixedOp(nn.Module):
    """An edge in search: sum over the candidates of weight_o * o(x)."""

    def __init__(self, channels: int, stride: int) -> None:
        super().__init__()
        ops = [(name, primitive(name, channels, stride=stride, affine=False)) for name in PRIMITIVES]
        self.ops = nn.ModuleList(
            nn.Sequential(op, nn.BatchNorm2d(channels, affine=False)) if "pool" in name else op for name, op in ops
        )

    def forward(self, x: Tensor, weights: Tensor) -> Tensor:
        """x: [batch, channels, h, w]; weights: [8]."""
        return sum(w * op(x) for w, op in zip(weights, self.ops))


def preprocess(spec: CellSpec, *, affine: bool) -> tuple[nn.Module, nn.Module]:
    """Brings both inputs of a cell to its channels, and the first to the size of the second."""
    adapt = FactorizedReduce if spec.after_reduction else relu_conv_bn
    return (
        adapt(spec.inputs[0], spec.channels, affine=affine),
        relu_conv_bn(spec.inputs[1], spec.channels, affine=affine),
    )


class SearchCell(nn.Module):
    """A cell with every candidate on every edge; its output is all intermediate nodes, concatenated."""

    def __init__(self, spec: CellSpec, edges: list[tuple[int, int]]) -> None:
        super().__init__()
        self.preprocess0, self.preprocess1 = preprocess(spec, affine=False)
        self.nodes = edges[-1][0] + 1
        self.multiplier = self.nodes
        self.edges = nn.ModuleList(
            MixedOp(spec.channels, 2 if spec.reduction and state < 2 else 1) for _, state in edges
        )

    def forward(self, s0: Tensor, s1: Tensor, weights: Tensor) -> Tensor:
        """weights: softmax of alpha, [edges, 8]."""
        states = [self.preprocess0(s0), self.preprocess1(s1)]
        edge = 0
        for _ in range(self.nodes):
            node = sum(self.edges[edge + j](x, weights[edge + j]) for j, x in enumerate(states))
            edge += len(states)
            states.append(node)
        return torch.cat(states[2:], dim=1)


class CellNetwork(nn.Module):
    """What all networks of cells share: stem, stack of cells, pooled linear classifier."""

    def __init__(self, shape: Shape, make_cell: Callable[[CellSpec], nn.Module], *, channels_last: bool) -> None:
        super().__init__()
        width = 3 * shape.channels
        self.stem = nn.Sequential(
            nn.Conv2d(shape.in_channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width)
        )
        self.cells = nn.ModuleList()
        inputs, channels = (width, width), shape.channels
        for index in range(shape.layers):
            reduction = index in shape.reductions
            channels *= 2 if reduction else 1
            cell = make_cell(CellSpec(inputs, channels, reduction, after_reduction=index - 1 in shape.reductions))
            self.cells.append(cell)
            inputs = inputs[1], cell.multiplier * channels
        self.reductions = shape.reductions
        self.classifier = nn.Linear(inputs[1], shape.classes)
        self.memory_format = torch.channels_last if channels_last else torch.contiguous_format
        self.to(memory_format=self.memory_format)

    def stem_features(self, images: Tensor) -> Tensor:
        """Both inputs of the first cell."""
        return self.stem(images.contiguous(memory_format=self.memory_format))

    def classify(self, x: Tensor) -> Tensor:
        """Global average pooling and the linear layer: logits [batch, classes]."""
        return self.classifier(nn.functional.adaptive_avg_pool2d(x, 1).flatten(1))


class SearchNetwork(CellNetwork):
    """The supernet. Batch norms inside cells have no affine part; pools are followed by one more of these."""

    def __init__(self, shape: Shape, *, channels_last: bool = False) -> None:
        super().__init__(shape, lambda spec: SearchCell(spec, shape.edges), channels_last=channels_last)

    def forward(self, images: Tensor, alpha: Alpha) -> Tensor:
        """images: [batch, in_channels, h, w]; alpha before the softmax; logits [batch, classes]."""
        normal, reduction = (torch.softmax(rows, dim=-1) for rows in alpha)
        s0 = s1 = self.stem_features(images)
        for index, cell in enumerate(self.cells):
            s0, s1 = s1, cell(s0, s1, reduction if index in self.reductions else normal)
        return self.classify(s1)


def count_weights(network: nn.Module) -> int:
    """The number of network weights; alpha is no part of a network here."""
    return sum(p.numel() for p in network.parameters())


if __name__ == "__main__":
    counted, expected = count_weights(SearchNetwork(Shape())), 1_930_618
    assert counted == expected, f"Cannot trust this reference: it has {counted} weights, not {expected}"
    print(f"search network, C = 16, 8 cells: {counted} weights")
