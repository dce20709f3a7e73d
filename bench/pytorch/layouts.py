"""The full-size supernet in float32, in both memory formats, beside float64: what rounding does to its gradients."""

import torch
from torch import Tensor

from darts import Alpha, SearchNetwork, Shape
from inputs import fill, make_alpha, train_batch
from record import describe, forward_backward, one_pass
from step import Batch

DRAWS = 6
DRAW_SEED = 103
BATCH = 8
SIZE = 32
SHAPE = Shape()


def _fresh(name: str) -> tuple[SearchNetwork, Alpha]:
    """One of the three runs. float64 starts from float32's weights and alpha: only the arithmetic differs."""
    network = SearchNetwork(SHAPE, channels_last=name == "channelsLast")
    fill(network)
    alpha = make_alpha(SHAPE, torch.float32)
    if name != "float64":
        return network, alpha
    return network.double(), Alpha(*(rows.detach().double().requires_grad_() for rows in alpha))


def _batch(name: str, k: int, *, seed: int) -> Batch:
    batch = train_batch(k, SHAPE, batch=BATCH, size=SIZE, dtype=torch.float32, seed=seed)
    return Batch(batch.images.double(), batch.labels) if name == "float64" else batch


def _relative(x: list[Tensor], reference: list[Tensor]) -> float:
    """|x - reference| / |reference|, L2, all tensors as one vector."""
    a, b = (torch.cat([t.double().flatten() for t in tensors]) for tensors in (x, reference))
    return ((a - b).norm() / b.norm()).item()


def _difference(x: list[Tensor], reference: list[Tensor], names: list[str]) -> dict:
    """Relative L2 differences of gradients: alpha's, all weights' as one vector, and the worst single weight's."""
    single = [(_relative([a], [b]), name) for a, b, name in zip(x[2:], reference[2:], names, strict=True)]
    worst, where = max(single)
    return {
        "alpha": _relative(x[:2], reference[:2]),
        "weights": _relative(x[2:], reference[2:]),
        "worstWeight": worst,
        "worstName": where,
    }


def _draws(names: list[str]) -> list[dict]:
    """How far the three runs are apart, for several sets of images."""
    runs = {name: _fresh(name) for name in ("nchw", "channelsLast", "float64")}
    found = []
    for draw in range(DRAWS):
        gradients = {
            name: forward_backward(network, _batch(name, draw, seed=DRAW_SEED), alpha)[2]
            for name, (network, alpha) in runs.items()
        }
        found.append(
            {
                "imageSeed": DRAW_SEED + draw,
                "nchwToFloat64": _difference(gradients["nchw"], gradients["float64"], names),
                "channelsLastToFloat64": _difference(gradients["channelsLast"], gradients["float64"], names),
                "channelsLastToNchw": _difference(gradients["channelsLast"], gradients["nchw"], names),
            }
        )
    return found


def full_size() -> dict:
    """The passes in both layouts and in float64, briefly, and `layouts`: how far they are apart over several draws.

    Labels of draw d are those of training step d. The network is in training mode, from the same weights in every draw.
    """
    passes = {}
    for name in ("nchw", "channelsLast", "float64"):
        fresh, alpha = _fresh(name)
        passes[name] = one_pass(fresh, _batch(name, 0, seed=3), alpha, brief=True)
    described = describe(_fresh("nchw")[0], SHAPE, batch=BATCH, size=SIZE)
    names = [weight["name"] for weight in described["weights"]]
    return {**described, "passes": passes, "layouts": _draws(names)}
