"""Search methods beside DARTS: their edges and their operation weights, in a network of search cells."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from darts import CellNetwork, CellSpec, MixedOp, SearchCell, Shape
from primitives import FactorizedReduce


class PartialOp(MixedOp):
    """An edge of PC-DARTS: operations on the first 1/k of the channels, the rest passes by, all are shuffled."""

    def __init__(self, channels: int, stride: int, k: int) -> None:
        super().__init__(channels // k, stride)
        self.stride = stride
        self.k = k

    def forward(self, x: Tensor, weights: Tensor) -> Tensor:
        size = x.shape[1] // self.k
        done = super().forward(x[:, :size], weights)
        rest = x[:, size:] if self.stride == 1 else F.max_pool2d(x[:, size:], 2, 2)
        both = torch.cat([done, rest], dim=1)
        n, c, h, w = both.shape
        return both.view(n, self.k, c // self.k, h, w).transpose(1, 2).reshape(n, c, h, w)


class AuxiliaryOp(MixedOp):
    """An edge of DARTS-: a skip connection of weight beta beside its operations."""

    def __init__(self, channels: int, stride: int, beta: float) -> None:
        super().__init__(channels, stride)
        self.auxiliary = FactorizedReduce(channels, channels, affine=False) if stride == 2 else nn.Identity()
        self.beta = beta

    def forward(self, x: Tensor, weights: Tensor) -> Tensor:
        return super().forward(x, weights) + self.beta * self.auxiliary(x)


class SampledOp(MixedOp):
    """An edge of GDAS: the operation that was drawn, the only one whose weight is not 0."""

    def forward(self, x: Tensor, weights: Tensor) -> Tensor:
        drawn = int(weights.argmax())
        return weights[drawn] * self.ops[drawn](x)


def gumbel(alpha: Tensor, temperature: float) -> Tensor:
    """Weights of SNAS: softmax of noisy log-probabilities."""
    noise = -torch.empty_like(alpha).exponential_().log()
    return torch.softmax((torch.log_softmax(alpha, dim=-1) + noise) / temperature, dim=-1)


def sampled(alpha: Tensor, temperature: float) -> Tensor:
    """Weights of GDAS: 1 for what was drawn, 0 else, with the gradients of the soft weights."""
    soft = gumbel(alpha, temperature)
    hard = F.one_hot(soft.argmax(dim=-1), soft.shape[-1]).to(soft)
    # Only what was drawn runs: the entries of the others are never read.
    return (hard - soft.detach() + soft) * hard


def by_node(beta: Tensor, nodes: int) -> Tensor:
    """softmax over the edges into each node."""
    counts = [2 + node for node in range(nodes)]
    return torch.cat([torch.softmax(part, dim=-1) for part in beta.split(counts)])


class MethodCell(SearchCell):
    """A search cell of other edges; `shares` are weights of the edges themselves."""

    def __init__(self, spec: CellSpec, shape: Shape, edge: Callable[[int, int], nn.Module]) -> None:
        super().__init__(spec, shape.edges)
        self.edges = nn.ModuleList(
            edge(spec.channels, 2 if spec.reduction and state < 2 else 1) for _, state in shape.edges
        )

    def forward(self, s0: Tensor, s1: Tensor, weights: Tensor, shares: Tensor) -> Tensor:
        states = [self.preprocess0(s0), self.preprocess1(s1)]
        edge = 0
        for _ in range(self.nodes):
            node = sum(shares[edge + j] * self.edges[edge + j](x, weights[edge + j]) for j, x in enumerate(states))
            edge += len(states)
            states.append(node)
        return torch.cat(states[2:], dim=1)


class MethodNetwork(CellNetwork):
    """A supernet of such cells. `alpha` is of normal and reduction cells, then, for normalised edges, both betas."""

    def __init__(
        self,
        shape: Shape,
        *,
        edge: Callable[[int, int], nn.Module],
        relax: Callable[[Tensor], Tensor] = lambda alpha: torch.softmax(alpha, dim=-1),
        channels_last: bool = False,
    ) -> None:
        super().__init__(shape, lambda spec: MethodCell(spec, shape, edge), channels_last=channels_last)
        self.shape = shape
        self.relax = relax

    def forward(self, images: Tensor, alpha: Sequence[Tensor]) -> Tensor:
        weights = [self.relax(rows) for rows in alpha[:2]]
        ones = torch.ones(len(self.shape.edges), dtype=images.dtype)
        shares = [by_node(beta, self.shape.nodes) for beta in alpha[2:]] or [ones, ones]
        s0 = s1 = self.stem_features(images)
        for index, cell in enumerate(self.cells):
            kind = int(index in self.reductions)
            s0, s1 = s1, cell(s0, s1, weights[kind], shares[kind])
        return self.classify(s1)
