"""Makes the parity fixture of losses and classifiers: what PyTorch computes in float64, written from the papers.

    python bench/pytorch/loss_fixtures.py

Writes test/fixtures/losses.json.br in a second; the same machine and versions give the same bytes. One object:

    command, versions          how it was made
    counts                     training images per class
    labels, others, shares     two labels of each image, and the share of the first where each image has its own
    logits                     {"near", "far"}: [batch, classes] each; far ones differ by hundreds
    losses                     one entry per loss, logits and kind of target:
                               label        as the command line spells it
                               cosines      the scale of the logits where they stand for cosines times that, else null
                               logits       "near" or "far"
                               targets      "one": the labels; "two": 0.3 of the labels, 0.7 of the others; "each":
                                            `shares` of the labels, the rest of the others
                               reweight     the knob of deferred re-weighting, beta 0.9999; 0 where there is none
                               value, gradient    of the mean over the batch, by the logits
    features                   [batch, channels] of the classifiers
    cosine                     the classifier of LDAM-DRW with its loss: weight [classes, channels], margins of 0.5 and
                               scale 30: value, gradients by features and weight, and the cosines
    etf                        a fixed frame [classes, channels] behind a batch norm with weight and bias: value of dot
                               regression, gradients by features, weight and bias, cosines in training, and the
                               running statistics after one step
"""

import json
import platform
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from inputs import noise_tensor
from packed import write_packed

COUNTS = torch.tensor([5000.0, 1200.0, 300.0, 47.0, 1.0], dtype=torch.float64)
LABELS = torch.tensor([0, 4, 2, 3, 1, 0])
OTHERS = torch.tensor([3, 4, 0, 1, 2, 2])
SHARES = torch.tensor([1.0, 0.25, 0.0, 0.5, 0.875, 0.125], dtype=torch.float64)
BATCH, CLASSES, CHANNELS = 6, 5, 7
BETA = 0.9999

PerImage = Callable[[Tensor, Tensor], Tensor]


def class_weights(beta: float) -> Tensor:
    """(1 - beta) / (1 - beta^n), times C / sum."""
    weights = (1 - beta) / (1 - beta**COUNTS)
    return weights * CLASSES / weights.sum()


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    return F.cross_entropy(logits, labels, reduction="none")


def class_balanced(beta: float, base: PerImage) -> PerImage:
    return lambda logits, labels: class_weights(beta)[labels] * base(logits, labels)


def focal(gamma: float) -> PerImage:
    """-(1 - p)^gamma log p, p of the loss without weights."""

    def loss(logits: Tensor, labels: Tensor) -> Tensor:
        entropy = cross_entropy(logits, labels)
        return (1 - torch.exp(-entropy)) ** gamma * entropy

    return loss


def margins(most: float) -> Tensor:
    rates = COUNTS**-0.25
    return most * rates / rates.max()


def ldam(most: float, scale: float, *, given: float) -> PerImage:
    """As LDAM-DRW has it, on logits that are `given` times cosines."""

    def loss(logits: Tensor, labels: Tensor) -> Tensor:
        cosines = logits / given
        own = F.one_hot(labels, CLASSES).bool()
        return cross_entropy(scale * torch.where(own, cosines - margins(most)[labels, None], cosines), labels)

    return loss


def balanced_softmax(logits: Tensor, labels: Tensor) -> Tensor:
    return cross_entropy(logits + COUNTS.log(), labels)


def logit_adjusted(tau: float) -> PerImage:
    return lambda logits, labels: cross_entropy(logits + tau * (COUNTS / COUNTS.sum()).log(), labels)


def label_aware_smoothing(head: float, tail: float) -> PerImage:
    spread = (COUNTS - COUNTS.min()) * np.pi / (2 * (COUNTS.max() - COUNTS.min()))
    epsilons = tail + (head - tail) * torch.sin(spread)

    def loss(logits: Tensor, labels: Tensor) -> Tensor:
        log_p = F.log_softmax(logits, dim=1)
        epsilon = epsilons[labels]
        own = -log_p.gather(1, labels[:, None]).squeeze(1)
        return (1 - epsilon) * own + epsilon * -log_p.mean(dim=1)

    return loss


def dot_regression(*, given: float) -> PerImage:
    return lambda logits, labels: 0.5 * ((logits / given).gather(1, labels[:, None]).squeeze(1) - 1) ** 2


LOSSES: list[tuple[str, PerImage, float | None]] = [
    ("cross-entropy", cross_entropy, None),
    ("balanced-softmax", balanced_softmax, None),
    ("class-balanced", class_balanced(BETA, cross_entropy), None),
    ("class-balanced(0.99)", class_balanced(0.99, cross_entropy), None),
    ("focal", focal(2), None),
    ("focal(1)", focal(1), None),
    ("class-balanced-focal", class_balanced(BETA, focal(1)), None),
    ("class-balanced-focal(0.999, 2)", class_balanced(0.999, focal(2)), None),
    ("ldam", ldam(0.5, 30, given=30), 30),
    ("ldam(0.3, 10)", ldam(0.3, 10, given=4), 4),
    ("logit-adjusted", logit_adjusted(1), None),
    ("logit-adjusted(1.5)", logit_adjusted(1.5), None),
    ("label-aware-smoothing", label_aware_smoothing(0.3, 0), None),
    ("label-aware-smoothing(0.4, 0.1)", label_aware_smoothing(0.4, 0.1), None),
    ("dot-regression", dot_regression(given=30), 30),
]


def logits_of(name: str) -> Tensor:
    return noise_tensor(5, (BATCH, CLASSES), scale={"near": 2.0, "far": 900.0}[name])


def loss_case(label: str, loss: PerImage, cosines: float | None, *, logits: str, targets: str, reweight: float) -> dict:
    z = logits_of(logits).requires_grad_()
    first = torch.ones(BATCH, dtype=torch.float64) if targets == "one" else {"two": 0.3, "each": SHARES}[targets]
    factors = 1 + reweight * (class_weights(BETA) - 1)
    value = (first * factors[LABELS] * loss(z, LABELS)).mean()
    if targets != "one":
        value = value + ((1 - first) * factors[OTHERS] * loss(z, OTHERS)).mean()
    (gradient,) = torch.autograd.grad(value, z)
    assert torch.isfinite(gradient).all() and torch.isfinite(value), label
    return {
        "label": label,
        "cosines": cosines,
        "logits": logits,
        "targets": targets,
        "reweight": reweight,
        "value": value.item(),
        "gradient": gradient.tolist(),
    }


def features() -> Tensor:
    return noise_tensor(6, (BATCH, CHANNELS), scale=1.5)


def cosine_case() -> dict:
    """NormedLinear and LDAMLoss: F.normalize of features and weights, then the loss with s = 30."""
    x, weight = features().requires_grad_(), noise_tensor(7, (CLASSES, CHANNELS), scale=0.4).requires_grad_()
    cosines = F.normalize(x, dim=1) @ F.normalize(weight, dim=1).T
    value = ldam(0.5, 30, given=1)(cosines, LABELS).mean()
    by_features, by_weight = torch.autograd.grad(value, [x, weight])
    return {
        "weight": weight.tolist(),
        "cosines": cosines.tolist(),
        "value": value.item(),
        "byFeatures": by_features.tolist(),
        "byWeight": by_weight.tolist(),
    }


def frame() -> Tensor:
    """sqrt(C / (C - 1)) P (I - 1/C), by rows."""
    columns, _ = torch.linalg.qr(noise_tensor(8, (CHANNELS, CLASSES), scale=1.0))
    centred = torch.eye(CLASSES, dtype=torch.float64) - 1 / CLASSES
    return (np.sqrt(CLASSES / (CLASSES - 1)) * columns @ centred).T


def etf_case() -> dict:
    norm = nn.BatchNorm1d(CHANNELS, dtype=torch.float64)
    with torch.no_grad():
        norm.weight.copy_(1 + noise_tensor(9, (CHANNELS,), scale=0.1))
        norm.bias.copy_(noise_tensor(10, (CHANNELS,), scale=0.1))
    x, directions = features().requires_grad_(), frame()
    cosines = F.normalize(norm(x), dim=1) @ directions.T
    value = dot_regression(given=1)(cosines, LABELS).mean()
    by_features, by_weight, by_bias = torch.autograd.grad(value, [x, norm.weight, norm.bias])
    return {
        "directions": directions.tolist(),
        "weight": norm.weight.tolist(),
        "bias": norm.bias.tolist(),
        "cosines": cosines.tolist(),
        "value": value.item(),
        "byFeatures": by_features.tolist(),
        "byWeight": by_weight.tolist(),
        "byBias": by_bias.tolist(),
        "runningMean": norm.running_mean.tolist(),
        "runningVar": norm.running_var.tolist(),
    }


def main() -> None:
    plain = [
        loss_case(*loss, logits=logits, targets=targets, reweight=0)
        for loss in LOSSES
        for logits in ("near", "far")
        for targets in ("one", "two", "each")
    ]
    deferred = [
        loss_case(*loss, logits="near", targets=targets, reweight=reweight)
        for loss in LOSSES
        for targets, reweight in (("one", 1), ("two", 1), ("each", 1), ("one", 0.5))
    ]
    content = {
        "command": "python bench/pytorch/loss_fixtures.py",
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "numpy": np.__version__,
            "cpu": torch.backends.cpu.get_cpu_capability(),
        },
        "counts": COUNTS.tolist(),
        "labels": LABELS.tolist(),
        "others": OTHERS.tolist(),
        "shares": SHARES.tolist(),
        "logits": {name: logits_of(name).tolist() for name in ("near", "far")},
        "losses": plain + deferred,
        "features": features().tolist(),
        "cosine": cosine_case(),
        "etf": etf_case(),
    }
    text = json.dumps(content, separators=(",", ":")) + "\n"
    path = write_packed("losses", text)
    print(f"{path.name}: {path.stat().st_size / 1e3:.0f} kB, {len(plain) + len(deferred)} losses")


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
