"""The bilateral supernet (arXiv 2406.07028): a shared DARTS backbone, a head for each of two ways to sample images.

Run as a script, it checks the known numbers of weights.
"""

from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from darts import CellSpec, SearchCell, SearchNetwork, Shape, count_weights
from step import Batch

BnScope = Literal["joint", "perBranch"]
"""Which images share a batch norm of the backbone in training: those of both branches, or of one at a time."""

ALPHA_NAMES = ("backbone.normal", "backbone.reduction", "instance.normal", "class.normal")
"""Component and kind of cell of each architecture parameter, in the order of BilateralAlpha."""


class BilateralAlpha(NamedTuple):
    """Architecture parameters, one row an edge: [edges, 8] each."""

    backbone_normal: Tensor
    backbone_reduction: Tensor
    instance_normal: Tensor
    class_normal: Tensor


class Pair(NamedTuple):
    """A batch drawn uniformly over images, and one of the same size drawn uniformly over classes."""

    instance: Batch
    by_class: Batch


class PairImages(NamedTuple):
    """Images for both heads, [batch, in_channels, h, w] each; `mixing` is the instance head's share of the logits."""

    instance: Tensor
    by_class: Tensor
    mixing: float


class Head(nn.Module):
    """One normal cell on the outputs of the last two backbone cells, pooled, and a linear layer."""

    def __init__(self, spec: CellSpec, shape: Shape) -> None:
        super().__init__()
        self.cell = SearchCell(spec, shape.edges)
        self.classifier = nn.Linear(self.cell.multiplier * spec.channels, shape.classes)

    def forward(self, s0: Tensor, s1: Tensor, alpha: Tensor) -> Tensor:
        """alpha before the softmax, [edges, 8]; logits [batch, classes]."""
        x = self.cell(s0, s1, torch.softmax(alpha, dim=-1))
        return self.classifier(F.adaptive_avg_pool2d(x, 1).flatten(1))


class BilateralNetwork(nn.Module):
    """The supernet of both heads. Its backbone is that of a DARTS supernet, which has no classifier of its own here."""

    def __init__(
        self, shape: Shape, *, bn_scope: BnScope = "joint", logit_scale: float = 1.0, channels_last: bool = False
    ) -> None:
        super().__init__()
        darts = SearchNetwork(shape, channels_last=channels_last)
        self.stem, self.cells = darts.stem, darts.cells
        last_input = darts.cells[-1].preprocess1[1]  # the 1x1 convolution knows the widths before and in the last cell
        spec = CellSpec(
            inputs=(last_input.in_channels, darts.classifier.in_features),
            channels=last_input.out_channels,
            reduction=False,
            after_reduction=shape.layers - 1 in shape.reductions,
        )
        for name in ("instance", "class"):
            self.add_module(name, Head(spec, shape))
        self.reductions = shape.reductions
        self.bn_scope, self.logit_scale = bn_scope, logit_scale
        self.memory_format = darts.memory_format
        self.to(memory_format=self.memory_format)

    def forward(self, images: PairImages, alpha: BilateralAlpha) -> Tensor:
        """Logits z = logit_scale (m z_I + (1 - m) z_C), [batch, classes]. To classify, both get the same images."""
        if self.bn_scope == "joint":
            joint = self._features(torch.cat([images.instance, images.by_class]), alpha)
            instance, by_class = zip(*(x.chunk(2) for x in joint))
        else:
            instance, by_class = self._features(images.instance, alpha), self._features(images.by_class, alpha)
        z_instance = self.get_submodule("instance")(*instance, alpha.instance_normal)
        z_class = self.get_submodule("class")(*by_class, alpha.class_normal)
        return self.logit_scale * (images.mixing * z_instance + (1 - images.mixing) * z_class)

    def _features(self, images: Tensor, alpha: BilateralAlpha) -> tuple[Tensor, Tensor]:
        """Outputs of the last two backbone cells."""
        normal, reduction = (torch.softmax(a, dim=-1) for a in (alpha.backbone_normal, alpha.backbone_reduction))
        s0 = s1 = self.stem(images.contiguous(memory_format=self.memory_format))
        for index, cell in enumerate(self.cells):
            s0, s1 = s1, cell(s0, s1, reduction if index in self.reductions else normal)
        return s0, s1


def mixed_loss(logits: Tensor, pair: Pair, *, mixing: float) -> Tensor:
    """L = m CE(z, y_I) + (1 - m) CE(z, y_C), mean over the batch; z: [batch, classes]."""
    instance, by_class = (F.cross_entropy(logits, batch.labels) for batch in pair)
    return mixing * instance + (1 - mixing) * by_class


if __name__ == "__main__":
    network = BilateralNetwork(Shape())
    heads = [count_weights(network.get_submodule(name)) for name in ("instance", "class")]
    counts = {"backbone": count_weights(network) - sum(heads), "instance": heads[0], "class": heads[1]}
    expected = {"backbone": 1_928_048, "instance": 470_794, "class": 470_794}
    assert counts == expected, f"Cannot trust this reference: it has {counts} weights, not {expected}"
    print(f"bilateral network, C = 16, 8 cells: {counts}, together {count_weights(network)}")
