"""Images of a folder as tensors: the long tail, and DARTS' augmentation of a whole batch at once."""

from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

CROP_PADDING = 4
CUTOUT = 16


class Images(NamedTuple):
    """pixels: uint8 [images, channels, h, w]; labels: [images], classes in the order of their names."""

    pixels: Tensor
    labels: Tensor
    classes: list[str]

    @property
    def statistics(self) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation of each channel, pixels from 0 to 1: [channels, 1, 1] both."""
        x = self.pixels.double() / 255
        return tuple(f(x, dim=(0, 2, 3)).float().view(-1, 1, 1) for f in (torch.mean, torch.std))


def read_folder(root: Path, *, imbalance: float = 1, seed: int = 0) -> Images:
    """Reads `root`/<class>/*.jpg, all of one size.

    Of class c of C it keeps n imbalance^(-c / (C - 1)) images, drawn by `seed`; n is the size of the smallest class.
    """
    import numpy as np
    from PIL import Image

    folders = sorted(path for path in root.iterdir() if path.is_dir())
    files = [sorted(folder.glob("*.jpg")) for folder in folders]
    generator = torch.Generator().manual_seed(seed)
    most = min(map(len, files))
    pixels, labels = [], []
    for c, names in enumerate(files):
        kept = int(most * imbalance ** (-c / (len(files) - 1)) * (1 + 1e-12)) if imbalance > 1 else len(names)
        for i in torch.randperm(len(names), generator=generator)[:kept].tolist():
            pixels.append(torch.from_numpy(np.array(Image.open(names[i]).convert("RGB"))))
            labels.append(c)
    return Images(torch.stack(pixels).permute(0, 3, 1, 2), torch.tensor(labels), [folder.name for folder in folders])


def normalize(pixels: Tensor, statistics: tuple[Tensor, Tensor]) -> Tensor:
    """uint8 pixels to float32 of mean 0 and deviation 1 per channel."""
    mean, deviation = statistics
    return (pixels.float() / 255 - mean) / deviation


def augment(pixels: Tensor, statistics: tuple[Tensor, Tensor]) -> Tensor:
    """Crop after padding by 4, flip, normalization, cutout of a 16x16 square that may hang over the edge.

    pixels: uint8 [batch, channels, h, w]; the result is float32. Each image has draws of its own.
    """
    batch, _, h, w = pixels.shape
    padded = F.pad(pixels, [CROP_PADDING] * 4)
    y, x = torch.arange(h), torch.arange(w)
    shift_y, shift_x = (torch.randint(2 * CROP_PADDING + 1, (batch, 1)) for _ in range(2))
    x = torch.where(torch.rand(batch, 1) < 0.5, x.flip(0), x)
    rows, columns = shift_y + y, shift_x + x
    # The indices stand around a slice, so their result has the channels last.
    cropped = padded[torch.arange(batch)[:, None, None], :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)

    centre_y, centre_x = torch.randint(h, (batch, 1)), torch.randint(w, (batch, 1))
    inside_y, inside_x = (
        (offset >= -CUTOUT // 2) & (offset < CUTOUT // 2) for offset in (y - centre_y, torch.arange(w) - centre_x)
    )
    square = inside_y[:, None, :, None] & inside_x[:, None, None, :]
    return normalize(cropped, statistics).masked_fill(square, 0)
