"""Makes the parity fixture of what follows a training, and of SAM: what PyTorch computes in float64 on a small ResNet.

    python bench/pytorch/stage_fixtures.py

Writes test/fixtures/stage.json.br in a second; the same machine and versions give the same bytes. Its parts:

    command, versions, noise   how it was made, and a sample of the generator that its reader must reproduce
    channels, blocks, classes, inChannels, batch, size
                               the network of resnet.py; images are [batch, inChannels, size, size]
    momentum, weightDecay, clip
                               of every step
    weights, buffers           [{name, shape}]. Lists of digests follow this order. Counters of batches are left out
    crt, lws, lwsHalf          second stages (Kang et al. 2020, MiSLAS): three steps on batches 0 to 2 with features
                               frozen in evaluation mode; crt on a classifier filled anew, lws on one factor per class
                               that starts at 1, lwsHalf on both, the classifier at half the rate
        steps                  [{lr, loss, gradNorm}], gradNorm of all that is trained, before clipping
        classifier             [weight, bias] when all steps are done, whole
        scale                  [classes], null for crt
        buffers                digests: the running statistics, as they were
        logits                 of the images of step 0 in evaluation mode
    tau                        [{tau, logits}]: w_c / |w_c|^tau without bias, on the images of step 0 in evaluation mode
    prior                      post-hoc logit adjustment (Menon et al. 2021):
        counts                 training images per class, in the shares pi
        tested                 how many logits: 2 noise(7000) + 1.5 at the label + log pi; label of image i: i mod classes
        shares                 {name: [classes]}: uniform, and pi
        expected               [{test, unadjusted, adjusted, loss}]: accuracies where classes have these shares, and the
                               mean cross-entropy of the adjusted logits on the images as they are
    sam                        three steps of SAM at radius rho over all weights, in training mode: davda54's two passes,
                               the second without moving running statistics
        rho, steps             [{lr, loss, gradNorm}], gradNorm of the gradient that is taken, before clipping
        weights, buffers       digests when all steps are done

Weights, images and labels are filled in as for train_fixtures.py. Running statistics of stages: 0.3 noise(5000 + b) for
means and 0.1 + 0.05 noise(5000 + b) for variances, b being their place in `buffers`. The fresh classifier of crt is
noise(9000) / sqrt(features) and 0.1 noise(9001).
"""

import json
import platform

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from darts import Shape
from inputs import fill, noise, noise_tensor, train_batch
from packed import write_packed
from record import buffers
from resnet import ResNet
from train_fixtures import digests

SHAPE = Shape(channels=4, classes=5)
BLOCKS, BATCH, SIZE = 1, 10, 16
MOMENTUM, WEIGHT_DECAY, CLIP = 0.9, 5e-4, 1.5
RATES = (0.1, 0.075, 0.025)
RHO = 0.05
COUNTS = (40, 20, 10, 5, 2)
TAUS = (0.0, 0.7, 1.0, 2.0)
TESTED = 200


def batch_of(k: int) -> tuple[Tensor, Tensor]:
    """Images and labels of step k."""
    return train_batch(k, SHAPE, batch=BATCH, size=SIZE, dtype=torch.float64)


def network() -> ResNet:
    """Weights as train_fixtures.py has them."""
    made = ResNet(channels=SHAPE.channels, blocks=BLOCKS, classes=SHAPE.classes, in_channels=SHAPE.in_channels).double()
    fill(made)
    return made


@torch.no_grad()
def trained() -> ResNet:
    """A network whose running statistics are not those of a fresh one."""
    made = network()
    for b, (name, buffer) in enumerate(buffers(made).items()):
        is_mean = name.endswith("running_mean")
        buffer.copy_(noise_tensor(5000 + b, buffer.shape, scale=0.3 if is_mean else 0.05) + (0 if is_mean else 0.1))
    return made


def features(net: ResNet, images: Tensor) -> Tensor:
    """What the classifier is given."""
    classifier, net.classifier = net.classifier, nn.Identity()
    found = net(images)
    net.classifier = classifier
    return found


def stage(*, fresh: bool, scaled: bool, share: float) -> dict:
    """Three steps on the classifier: `share` is its part of the learning rate."""
    net = trained().eval()
    classifier = net.classifier
    if fresh:
        with torch.no_grad():
            classifier.weight.copy_(noise_tensor(9000, classifier.weight.shape, scale=classifier.in_features**-0.5))
            classifier.bias.copy_(noise_tensor(9001, classifier.bias.shape, scale=0.1))
    scale = nn.Parameter(torch.ones(SHAPE.classes, dtype=torch.float64))
    groups = [{"params": [scale], "share": 1.0}] if scaled else []
    groups += [{"params": list(classifier.parameters()), "share": share}] if share > 0 else []
    learned = [p for group in groups for p in group["params"]]
    optimizer = torch.optim.SGD(groups, RATES[0], momentum=MOMENTUM, weight_decay=WEIGHT_DECAY)

    def answer(images: Tensor) -> Tensor:
        with torch.no_grad():
            x = features(net, images)
        return classifier(x) * scale if scaled else classifier(x)

    steps = []
    for k, lr in enumerate(RATES):
        images, labels = batch_of(k)
        loss = F.cross_entropy(answer(images), labels)
        optimizer.zero_grad()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(learned, CLIP)
        for group in optimizer.param_groups:
            group["lr"] = lr * group["share"]
        optimizer.step()
        steps.append({"lr": lr, "loss": loss.item(), "gradNorm": norm.item()})
    with torch.no_grad():
        logits = answer(batch_of(0)[0])
    return {
        "steps": steps,
        "classifier": [p.flatten().tolist() for p in classifier.parameters()],
        "scale": scale.tolist() if scaled else None,
        "buffers": digests(buffers(net).values(), whole=True),
        "logits": logits.tolist(),
    }


@torch.no_grad()
def normalised() -> list[dict]:
    """Logits at several tau."""
    net = trained().eval()
    x, weight = features(net, batch_of(0)[0]), net.classifier.weight
    made = []
    for tau in TAUS:
        rows = [w / torch.pow(torch.linalg.vector_norm(w), tau) for w in weight]
        made.append({"tau": tau, "logits": (x @ torch.stack(rows).T).tolist()})
    return made


@torch.no_grad()
def priors() -> dict:
    """Accuracies under two priors, of logits as they are and adjusted."""
    pi = torch.tensor(COUNTS, dtype=torch.float64) / sum(COUNTS)
    labels = torch.arange(TESTED) % SHAPE.classes
    logits = noise_tensor(7000, (TESTED, SHAPE.classes), scale=2) + 1.5 * F.one_hot(labels) + torch.log(pi)
    shares = {"uniform": torch.full_like(pi, 1 / SHAPE.classes), "training": pi}

    def accuracy(scores: Tensor, rho: Tensor) -> float:
        right = (scores.argmax(1) == labels).double()
        by_recall = sum(rho[c] * right[labels == c].mean() for c in range(SHAPE.classes)).item()
        # Every image weighs as much as its class is to occur: an importance-weighted test set.
        each = rho[labels] / torch.bincount(labels)[labels]
        assert abs(by_recall - (each * right).sum().item()) < 1e-12
        return by_recall

    return {
        "counts": COUNTS,
        "tested": TESTED,
        "shares": {name: rho.tolist() for name, rho in shares.items()},
        "expected": [
            {
                "test": name,
                "unadjusted": accuracy(logits, rho),
                "adjusted": accuracy(logits - torch.log(pi) + torch.log(rho), rho),
                "loss": F.cross_entropy(logits - torch.log(pi) + torch.log(rho), labels).item(),
            }
            for name, rho in shares.items()
        ],
    }


def sharpness() -> dict:
    """Three steps of SAM."""
    net = network().train()
    weights = list(net.parameters())
    norms = [m for m in net.modules() if isinstance(m, nn.BatchNorm2d)]
    optimizer = torch.optim.SGD(weights, RATES[0], momentum=MOMENTUM, weight_decay=WEIGHT_DECAY)
    steps = []
    for k, lr in enumerate(RATES):
        images, labels = batch_of(k)
        optimizer.zero_grad()
        loss = F.cross_entropy(net(images), labels)
        loss.backward()
        with torch.no_grad():
            length = torch.linalg.vector_norm(torch.cat([w.grad.flatten() for w in weights]))
            before = [w.clone() for w in weights]
            for w in weights:
                w.add_(w.grad * RHO / (length + 1e-12))
        for m in norms:
            m.momentum = 0.0
        optimizer.zero_grad()
        F.cross_entropy(net(images), labels).backward()
        for m in norms:
            m.momentum = 0.1
        with torch.no_grad():
            for w, was in zip(weights, before, strict=True):
                w.copy_(was)
        norm = torch.nn.utils.clip_grad_norm_(weights, CLIP)
        optimizer.param_groups[0]["lr"] = lr
        optimizer.step()
        steps.append({"lr": lr, "loss": loss.item(), "gradNorm": norm.item()})
    return {
        "rho": RHO,
        "steps": steps,
        "weights": digests(weights),
        "buffers": digests(buffers(net).values(), whole=True),
    }


def paths(tensors: dict[str, Tensor]) -> list[dict]:
    """Names and shapes."""
    return [{"name": name, "shape": list(x.shape)} for name, x in tensors.items()]


if __name__ == "__main__":
    torch.set_num_threads(1)
    content = {
        "command": "python bench/pytorch/stage_fixtures.py",
        "versions": {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__},
        "noise": {"seed": 77, "values": noise(77, 4).tolist()},
        "channels": SHAPE.channels,
        "blocks": BLOCKS,
        "classes": SHAPE.classes,
        "inChannels": SHAPE.in_channels,
        "batch": BATCH,
        "size": SIZE,
        "momentum": MOMENTUM,
        "weightDecay": WEIGHT_DECAY,
        "clip": CLIP,
        "weights": paths(dict(network().named_parameters())),
        "buffers": paths(buffers(network())),
        "crt": stage(fresh=True, scaled=False, share=1),
        "lws": stage(fresh=False, scaled=True, share=0),
        "lwsHalf": stage(fresh=False, scaled=True, share=0.5),
        "tau": normalised(),
        "prior": priors(),
        "sam": sharpness(),
    }
    text = json.dumps(content, separators=(",", ":"))
    path = write_packed("stage", text)
    print(f"{path.name}: {path.stat().st_size / 1e3:.0f} kB")
    for name in ("crt", "lws", "lwsHalf", "sam"):
        norms = ", ".join(f"{step['gradNorm']:.3g}" for step in content[name]["steps"])
        print(f"  {name}: gradient norms {norms}, clipped at {CLIP}")
    print(f"  expected accuracies {content['prior']['expected']}")
