"""Makes the fixtures of augmentation: what torchvision and PyTorch make of given images with given parameters.

    python bench/pytorch/augment_fixtures.py

Needs torchvision and Pillow beside torch. Writes test/fixtures/trivial.json.br, mixing.json.br and pixels.json.br in
seconds; the same versions give the same bytes.

trivial.json.br, of the operations of TrivialAugmentWide:

    magnitudes   by operation, torchvision's own 31 for an image of any size, or null where there is nothing to choose
    images       {name, height, width, channels, bytes, cases}; bytes are base64 of [height, width, channels]
    a case       {op, magnitude, bytes} or {op, magnitude, sha256}: the image after the operation, whole or the first 16
                 digits of its hash

mixing.json.br, in float64:

    cases        {name, seed, lambda, centre, order, shares, images, loss, weightGradient, imageGradient}
                 images are [6, 3, 8, 9], 1.5 * noise(3), label of image i: (7 i + 3) mod 5; those of the second batch
                 are 1.5 * noise(43), with labels (2 i + 3) mod 5. The network is linear: noise(1000) / sqrt(216),
                 [5, 216]. The loss is the mean over the batch of Σ share * cross-entropy. `seed` is that of the reader's
                 generator which draws these parameters. Of tensors there is a digest: see train_fixtures.py

pixels.json.br, by torchvision's own functions on fixed parameters:

    crops        {height, width, channels, bytes, pad, down, right, flipped, result}: padded with 0, cut at
                 (pad + down, pad + right), mirrored; bytes and result are base64 of [height, width, channels]
    cutouts      {size, centres, images}: a square of `size` about each centre (row, column), clipped at the border, is
                 erased from each image of the first batch of mixing.json.br; a digest
    mixes        {name, seed, images, labels}: v2.MixUp and v2.CutMix of that batch; labels are [6, 5]. CutMix has boxes
                 of even sides: torchvision's sides are always even, the paper's are rounded down
"""

import base64
import hashlib
import json
import platform
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import NamedTuple
from unittest.mock import patch

import numpy as np
import PIL
import torch
import torchvision
from PIL import Image
from torch import Tensor
from torch.nn import functional as F
from torchvision.transforms import InterpolationMode, TrivialAugmentWide, v2
from torchvision.transforms.autoaugment import _apply_op

from inputs import noise, noise_tensor
from packed import write_packed
from record import digests

COMMAND = "python bench/pytorch/augment_fixtures.py"
BINS = 31
SOME_BINS = (0, 1, 4, 7, 11, 15, 20, 24, 30)
"""Bin 20 turns by a right angle."""
TRANSLATE_SHARE = 32 / 224
"""Of the side: torchvision's 32 px are meant for images of 224."""

BATCH, CHANNELS, HEIGHT, WIDTH, CLASSES = 6, 3, 8, 9, 5
COUNTS = (500, 5, 50, 20, 1)
KAPPA, TAU = 3, 0.5


def write(name: str, content: dict) -> None:
    versions = {
        "torch": torch.__version__,
        "torchvision": torchvision.__version__,
        "pillow": PIL.__version__,
        "python": platform.python_version(),
    }
    text = json.dumps({"command": COMMAND, "versions": versions, **content}, separators=(",", ":"))
    write_packed(name, text)


def picture(seed: int, height: int, width: int, channels: int) -> np.ndarray:
    """A slope with noise on it that leaves some levels free at either end, so that contrast can be stretched."""
    y, x, c = np.meshgrid(np.arange(height), np.arange(width), np.arange(channels), indexing="ij")
    slope = 70 + 90 * x / width + 40 * y / height - 25 * c
    values = slope + 30 * noise(seed, height * width * channels).reshape(height, width, channels)
    return np.clip(values, 0, 255).astype(np.uint8)


def parameters(space: dict, size: int, bins: range | tuple[int, ...]) -> Iterator[tuple[str, float]]:
    """Operations with their magnitudes, both signs where they have two, moved by a share of the side."""
    for op, (magnitudes, signed) in space.items():
        if magnitudes.ndim == 0:
            yield op, 0.0
            continue
        for chosen in bins:
            magnitude = float(magnitudes[chosen])
            if op.startswith("Translate"):
                magnitude = chosen * size * TRANSLATE_SHARE / (BINS - 1)
            yield op, magnitude
            if signed and magnitude != 0:
                yield op, -magnitude


def trivial_image(name: str, pixels: np.ndarray, *, space: dict, bins: range | tuple[int, ...], whole: bool) -> dict:
    height, width, channels = pixels.shape
    image = Image.fromarray(pixels if channels == 3 else pixels[:, :, 0])
    cases = []
    for op, magnitude in parameters(space, width, bins):
        changed = _apply_op(image, op, magnitude, interpolation=InterpolationMode.NEAREST, fill=None)
        data = np.asarray(changed).tobytes()
        text = base64.b64encode(data).decode() if whole else hashlib.sha256(data).hexdigest()[:16]
        cases.append({"op": op, "magnitude": magnitude, "bytes" if whole else "sha256": text})
    encoded = base64.b64encode(pixels.tobytes()).decode()
    return {"name": name, "height": height, "width": width, "channels": channels, "bytes": encoded, "cases": cases}


def noise_only() -> np.ndarray:
    return (noise(7, 32 * 32 * 3) * 127 + 128).astype(np.uint8).reshape(32, 32, 3)


def trivial() -> dict:
    space = TrivialAugmentWide()._augmentation_space(BINS)
    every = range(BINS)
    plain = np.full((4, 5, 3), (10, 130, 250), np.uint8)
    images = [
        trivial_image("uneven, in colour", picture(1, 8, 9, 3), space=space, bins=SOME_BINS, whole=True),
        trivial_image("grey", picture(2, 8, 8, 1), space=space, bins=SOME_BINS, whole=True),
        trivial_image("as small as can be", picture(3, 2, 2, 3), space=space, bins=SOME_BINS, whole=True),
        trivial_image("of one colour", plain, space=space, bins=(30,), whole=True),
        trivial_image("all strengths", picture(4, 32, 32, 3), space=space, bins=every, whole=False),
        trivial_image("all strengths, grey", picture(5, 28, 28, 1), space=space, bins=every, whole=False),
        trivial_image("odd", picture(6, 33, 31, 3), space=space, bins=every, whole=False),
        trivial_image("noise only", noise_only(), space=space, bins=every, whole=False),
    ]
    return {
        "magnitudes": {op: m.tolist() if m.ndim > 0 else None for op, (m, _) in space.items()},
        "images": images,
    }


class Mixed(NamedTuple):
    """A mixed batch. `shares`: of the own labels, one per image."""

    images: Tensor
    labels: tuple[Tensor, Tensor]
    shares: Tensor


class Draw(NamedTuple):
    """What is drawn: λ, the centre (row, column) of a box, and who is mixed with whom."""

    seed: int
    share: float
    centre: tuple[int, int] | None = None
    order: tuple[int, ...] | None = None


def first_batch() -> tuple[Tensor, Tensor]:
    images = noise_tensor(3, (BATCH, CHANNELS, HEIGHT, WIDTH), scale=1.5).requires_grad_()
    return images, (torch.arange(BATCH) * 7 + 3) % CLASSES


def second_batch() -> tuple[Tensor, Tensor]:
    return noise_tensor(43, (BATCH, CHANNELS, HEIGHT, WIDTH), scale=1.5), (torch.arange(BATCH) * 2 + 3) % CLASSES


def same(share: float) -> Tensor:
    return torch.full((BATCH,), share, dtype=torch.float64)


def mixup(images: Tensor, labels: Tensor, draw: Draw) -> Mixed:
    order = torch.tensor(draw.order)
    mixed = draw.share * images + (1 - draw.share) * images[order]
    return Mixed(mixed, (labels, labels[order]), same(draw.share))


def remix(images: Tensor, labels: Tensor, draw: Draw) -> Mixed:
    """Every pair by itself: where n_i / n_j is at least κ and λ below τ, the label is j's alone, and the reverse."""
    mixed = mixup(images, labels, draw)
    counts = torch.tensor(COUNTS, dtype=torch.float64)
    ratio = counts[mixed.labels[0]] / counts[mixed.labels[1]]
    shares = mixed.shares
    shares = torch.where((ratio >= KAPPA) & (mixed.shares < TAU), 0.0, shares)
    shares = torch.where((ratio <= 1 / KAPPA) & (1 - mixed.shares < TAU), 1.0, shares)
    return mixed._replace(shares=shares)


def box_mask(draw: Draw) -> Tensor:
    """True inside a box of sqrt(1 - λ) of either side about the centre; what lies outside the image is lost."""
    assert draw.centre is not None
    inside = []
    for length, middle in zip((HEIGHT, WIDTH), draw.centre, strict=True):
        cut = int(length * (1 - draw.share) ** 0.5)
        offset = torch.arange(length) - (middle - cut // 2)
        inside.append((offset >= 0) & (offset < cut))
    return inside[0][:, None] & inside[1][None, :]


def paste(images: Tensor, labels: Tensor, other: tuple[Tensor, Tensor], draw: Draw) -> Mixed:
    mask = box_mask(draw)
    mixed = torch.where(mask, other[0], images)
    return Mixed(mixed, (labels, other[1]), same(1 - float(mask.double().mean())))


def cutmix(images: Tensor, labels: Tensor, draw: Draw) -> Mixed:
    order = torch.tensor(draw.order)
    return paste(images, labels, (images[order], labels[order]), draw)


def cmo(images: Tensor, labels: Tensor, draw: Draw) -> Mixed:
    return paste(images, labels, second_batch(), draw)


def mixing_case(name: str, rule: Callable[[Tensor, Tensor, Draw], Mixed], draw: Draw) -> dict:
    images, labels = first_batch()
    size = CHANNELS * HEIGHT * WIDTH
    weight = noise_tensor(1000, (CLASSES, size), scale=size**-0.5).requires_grad_()
    mixed = rule(images, labels, draw)
    logits = mixed.images.flatten(1) @ weight.T
    own, other = (F.cross_entropy(logits, target, reduction="none") for target in mixed.labels)
    loss = (mixed.shares * own + (1 - mixed.shares) * other).mean()
    by_weight, by_images = torch.autograd.grad(loss, [weight, mixed.images])
    made = dict(zip(("images", "weightGradient", "imageGradient"), digests([mixed.images, by_weight, by_images])))
    return {
        "name": name,
        "seed": draw.seed,
        "lambda": draw.share,
        "centre": draw.centre,
        "order": draw.order,
        "shares": mixed.shares.tolist(),
        "loss": loss.item(),
        **made,
    }


def mixing() -> dict:
    cases = [
        mixing_case("mixup(1)", mixup, Draw(6, 0.38442419440180736, order=(3, 4, 5, 1, 2, 0))),
        mixing_case(f"remix(1, {KAPPA}, {TAU})", remix, Draw(8, 0.3172720902732375, order=(4, 1, 3, 2, 5, 0))),
        mixing_case(f"remix(1, {KAPPA}, {TAU})", remix, Draw(3, 0.6092015093698372, order=(2, 4, 5, 3, 1, 0))),
        mixing_case("cutmix(1, 1)", cutmix, Draw(3, 0.6092015093698372, (6, 5), (1, 0, 4, 3, 2, 5))),
        mixing_case("cmo(1, 1)", cmo, Draw(5, 0.026490928002992124, (5, 1))),
    ]
    return {"counts": COUNTS, "cases": cases}


def text_of(image: Tensor) -> str:
    """base64 of uint8 [channels, height, width] as [height, width, channels]."""
    return base64.b64encode(image.permute(1, 2, 0).contiguous().numpy().tobytes()).decode()


def crop_case(pixels: np.ndarray, *, pad: int, down: int, right: int, flipped: bool) -> dict:
    height, width, channels = pixels.shape
    image = torch.from_numpy(pixels).permute(2, 0, 1)
    cut = v2.functional.crop(v2.functional.pad(image, [pad] * 4, fill=0), pad + down, pad + right, height, width)
    result = v2.functional.hflip(cut) if flipped else cut
    sizes = {"height": height, "width": width, "channels": channels, "bytes": text_of(image)}
    return {**sizes, "pad": pad, "down": down, "right": right, "flipped": flipped, "result": text_of(result)}


def cutout_case(size: int, centres: list[tuple[int, int]]) -> dict:
    images, _ = first_batch()
    erased = []
    for image, (row, column) in zip(images.detach(), centres, strict=True):
        top, left = row - size // 2, column - size // 2
        bottom, right = min(top + size, HEIGHT), min(left + size, WIDTH)
        top, left = max(top, 0), max(left, 0)
        erased.append(v2.functional.erase(image, top, left, bottom - top, right - left, torch.zeros(())))
    return {"size": size, "centres": centres, "images": digests([torch.stack(erased)])[0]}


def mixed_by_torchvision(name: str, transform: v2.Transform, draw: Draw) -> dict:
    """torchvision mixes each image with the one before it; `seed` draws that order too."""
    images, labels = first_batch()
    transform._dist = SimpleNamespace(sample=lambda shape: torch.tensor(draw.share, dtype=torch.float64))
    numbers = iter(() if draw.centre is None else draw.centre[::-1])  # it draws the column first
    with patch.object(torch, "randint", lambda *_, **__: torch.tensor([next(numbers)])):
        mixed, shares = transform(images.detach(), labels)
    return {"name": name, "seed": draw.seed, "images": digests([mixed])[0], "labels": shares.double().tolist()}


def pixels() -> dict:
    colour, grey = picture(11, 6, 7, 3), picture(12, 5, 5, 1)
    at = ((0, 0), (7, 8), (3, 4), (1, 8), (7, 0), (5, 2))
    return {
        "crops": [
            crop_case(colour, pad=4, down=0, right=0, flipped=True),
            crop_case(colour, pad=4, down=-4, right=3, flipped=False),
            crop_case(colour, pad=4, down=2, right=-4, flipped=True),
            crop_case(grey, pad=1, down=1, right=-1, flipped=False),
            crop_case(grey, pad=4, down=4, right=4, flipped=True),
        ],
        "cutouts": [cutout_case(4, list(at)), cutout_case(3, list(at)), cutout_case(1, list(at))],
        "mixes": [
            mixed_by_torchvision("mixup(0.4)", v2.MixUp(num_classes=CLASSES), Draw(100, 0.062840827350066)),
            mixed_by_torchvision("cutmix(1, 1)", v2.CutMix(num_classes=CLASSES), Draw(415, 0.6961430595505537, (6, 6))),
            mixed_by_torchvision(
                "cutmix(0.5, 1)", v2.CutMix(num_classes=CLASSES), Draw(5228, 0.40492740208414346, (0, 7))
            ),
        ],
    }


if __name__ == "__main__":
    write("trivial", trivial())
    write("mixing", mixing())
    write("pixels", pixels())
