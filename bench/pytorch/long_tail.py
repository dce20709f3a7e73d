"""Trains ResNet-32 on a long tail of images in ordinary PyTorch: the control of a published baseline.

    python bench/pytorch/long_tail.py --data cifar10-jpeg --archive tail.npz
    python bench/pytorch/long_tail.py --archive tail.npz --recipe mixup-drw --epochs 20 --seed 1

The first command writes the images as an archive, the first of each class by name: exponentially fewer from class to
class, and all test images. tailnas reads the same archive:

    tailnas train resnet32 --data tail.npz --imbalance natural --split all --scale paper --recipe mixup-drw ...
"""

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from resnet import ResNet

RATIO = 100
LR, MOMENTUM, WEIGHT_DECAY, BATCH, BETA = 0.1, 0.9, 2e-4, 128, 0.9999
STEPS = (0.8, 0.9)  # of the epochs, at which the rate falls to a hundredth; weights by class begin at the first
CROP = 4


def pixels(files: list[Path]) -> np.ndarray:
    """uint8 [n, height, width, 3]."""
    return np.stack([np.asarray(Image.open(file).convert("RGB")) for file in files])


def write_archive(data: Path, archive: Path) -> None:
    """A long tail of the training part, and the test part, as MedMNIST's files have them."""
    classes = sorted(folder.name for folder in (data / "train").iterdir())
    most = len(list((data / "train" / classes[0]).iterdir()))
    parts: dict[str, np.ndarray] = {}
    for part in ("train", "test"):
        images, labels = [], []
        for c, name in enumerate(classes):
            files = sorted((data / part / name).iterdir())
            kept = int(most * RATIO ** (-c / (len(classes) - 1))) if part == "train" else len(files)
            images.append(pixels(files[:kept]))
            labels += [c] * kept
        parts[f"{part}_images"] = np.concatenate(images)
        parts[f"{part}_labels"] = np.array(labels, np.uint8)[:, None]
        print(part, np.bincount(labels).tolist())
    np.savez(archive, **parts)


def augmented(images: Tensor) -> Tensor:
    """Each image of [n, 3, h, w] is framed in black, cut at a random place, and flipped every other time."""
    n, _, height, width = images.shape
    framed = F.pad(images, (CROP, CROP, CROP, CROP))
    cut = torch.empty_like(images)
    for i, (top, left) in enumerate(torch.randint(0, 2 * CROP + 1, (n, 2)).tolist()):
        cut[i] = framed[i, :, top : top + height, left : left + width]
        if torch.rand(()) < 0.5:
            cut[i] = cut[i].flip(-1)
    return cut


def batches(n: int) -> Iterator[Tensor]:
    """Places of all images in random order."""
    yield from torch.randperm(n).split(BATCH)


def class_weights(counts: Tensor, beta: float) -> Tensor:
    """By effective number of images (Cui et al. 2019), with mean 1."""
    weights = (1 - beta) / (1 - beta ** counts.double())
    return (weights * len(counts) / weights.sum()).float()


def train(arrays: dict[str, np.ndarray], *, recipe: str, epochs: int) -> dict:
    """Trains, and tests after the last epoch."""
    images = torch.from_numpy(arrays["train_images"]).permute(0, 3, 1, 2).float() / 255
    labels = torch.from_numpy(arrays["train_labels"][:, 0]).long()
    mean, std = images.mean((0, 2, 3), keepdim=True), images.std((0, 2, 3), keepdim=True)
    network = ResNet(channels_last=True)
    optimizer = torch.optim.SGD(network.parameters(), lr=LR, momentum=MOMENTUM, weight_decay=WEIGHT_DECAY)
    mixes = recipe == "mixup-drw"
    for epoch in range(epochs):
        began = time.perf_counter()
        rate = LR * 0.01 ** sum(epoch >= round(at * epochs) for at in STEPS)
        for group in optimizer.param_groups:
            group["lr"] = rate
        weights = class_weights(labels.bincount(), BETA if mixes and epoch >= round(STEPS[0] * epochs) else 0.0)
        network.train()
        losses = []
        for places in batches(len(labels)):
            x, y = (augmented(images[places]) - mean) / std, labels[places]
            share = float(np.random.beta(1, 1)) if mixes else 1.0
            other = torch.randperm(len(y))
            if mixes:
                x = share * x + (1 - share) * x[other]
            logits = network(x)
            each = share * weights[y] * F.cross_entropy(logits, y, reduction="none")
            if mixes:
                each = each + (1 - share) * weights[y[other]] * F.cross_entropy(logits, y[other], reduction="none")
            optimizer.zero_grad()
            each.mean().backward()
            optimizer.step()
            losses.append(each.mean().item())
        seconds = time.perf_counter() - began
        print(f"epoch {epoch + 1} of {epochs}: loss {np.mean(losses):.4f}, {seconds:.1f} s", flush=True)
    network.eval()
    test = (torch.from_numpy(arrays["test_images"]).permute(0, 3, 1, 2).float() / 255 - mean) / std
    truth = torch.from_numpy(arrays["test_labels"][:, 0]).long()
    with torch.no_grad():
        answers = torch.cat([network(part).argmax(1) for part in test.split(500)])
    right = torch.bincount(truth[answers == truth], minlength=10) / truth.bincount()
    return {"perClassAccuracy": [round(v, 4) for v in right.tolist()], "meanPerClassAccuracy": round(right.mean().item(), 4)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folders train/<class> and test/<class>: writes --archive and ends")
    parser.add_argument("--archive", type=Path, required=True)
    parser.add_argument("--recipe", choices=("plain", "mixup-drw"), default="plain")
    parser.add_argument("--epochs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    asked = parser.parse_args()
    if asked.data is not None:
        write_archive(asked.data, asked.archive)
        return
    torch.set_num_threads(asked.threads)
    torch.manual_seed(asked.seed)
    np.random.seed(asked.seed)
    with np.load(asked.archive) as arrays:
        print(json.dumps(train(dict(arrays), recipe=asked.recipe, epochs=asked.epochs)))


if __name__ == "__main__":
    main()
