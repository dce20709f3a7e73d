"""Networks in float32, in both memory formats, beside float64: what rounding does to their gradients."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from bilateral import BilateralAlpha
from darts import Alpha, SearchNetwork, Shape
from inputs import fill, make_alpha, train_batch
from record import describe, forward_backward, one_pass
from step import Batch

DRAWS = 6
DRAW_STEP = 100
"""Draw d has the images of training step DRAW_STEP + d."""
BATCH = 8
SIZE = 32
SHAPE = Shape()


class Run(NamedTuple):
    """A fresh network and its architecture parameters."""

    network: nn.Module
    alpha: Alpha | BilateralAlpha


def three_runs(fresh: Callable[[bool], Run]) -> dict[str, Run]:
    """`fresh`, which takes whether channels come last, in float32 either way and in float64.

    float64 starts from float32's weights and alpha: only the arithmetic differs.
    """
    network, alpha = fresh(False)
    exact = Run(network.double(), type(alpha)(*(rows.detach().double().requires_grad_() for rows in alpha)))
    return {"nchw": fresh(False), "channelsLast": fresh(True), "float64": exact}


def draws(runs: dict[str, Run], gradients: Callable[[Run, int], list[Tensor]]) -> list[dict]:
    """How far the three runs are apart for several sets of images. `gradients` of a draw: alpha's, then weights'."""
    network, alpha = runs["nchw"]
    sides = {"alphas": len(alpha), "names": [name for name, _ in network.named_parameters()]}
    found = []
    for draw in range(DRAWS):
        of = {name: gradients(run, draw) for name, run in runs.items()}
        found.append(
            {
                "imageSeed": 3 + DRAW_STEP + draw,
                "nchwToFloat64": _difference(of["nchw"], of["float64"], **sides),
                "channelsLastToFloat64": _difference(of["channelsLast"], of["float64"], **sides),
                "channelsLastToNchw": _difference(of["channelsLast"], of["nchw"], **sides),
            }
        )
    return found


def _difference(x: list[Tensor], reference: list[Tensor], *, alphas: int, names: list[str]) -> dict:
    """Relative L2 differences of gradients: alpha's, all weights' as one vector, and the worst single weight's."""
    single = [(_relative([a], [b]), name) for a, b, name in zip(x[alphas:], reference[alphas:], names, strict=True)]
    worst, where = max(single)
    return {
        "alpha": _relative(x[:alphas], reference[:alphas]),
        "weights": _relative(x[alphas:], reference[alphas:]),
        "worstWeight": worst,
        "worstName": where,
    }


def _relative(x: list[Tensor], reference: list[Tensor]) -> float:
    """|x - reference| / |reference|, L2, all tensors as one vector."""
    a, b = (torch.cat([t.double().flatten() for t in tensors]) for tensors in (x, reference))
    return ((a - b).norm() / b.norm()).item()


def _fresh(channels_last: bool) -> Run:
    network = SearchNetwork(SHAPE, channels_last=channels_last)
    fill(network)
    return Run(network, make_alpha(SHAPE, torch.float32))


def _batch(run: Run, k: int, *, seed: int = 3) -> Batch:
    batch = train_batch(k, SHAPE, batch=BATCH, size=SIZE, dtype=torch.float32, seed=seed)
    return Batch(batch.images.to(run.alpha[0].dtype), batch.labels)


def full_size() -> dict:
    """DARTS' full size: the passes in both layouts and in float64, briefly, and `layouts`: how far they are apart.

    Labels of draw d are those of training step d. The network is in training mode, from the same weights in every draw.
    """
    runs = three_runs(_fresh)
    return {
        **describe(runs["nchw"].network, SHAPE, batch=BATCH, size=SIZE),
        "passes": {name: one_pass(run.network, _batch(run, 0), run.alpha, brief=True) for name, run in runs.items()},
        "layouts": draws(
            three_runs(_fresh),
            lambda run, draw: forward_backward(run.network, _batch(run, draw, seed=3 + DRAW_STEP), run.alpha)[2],
        ),
    }
