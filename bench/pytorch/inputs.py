"""Weights, alpha, images and labels that TypeScript makes again from seeds alone: fixtures hold results only."""

import math

import numpy as np
import torch
from torch import Tensor, nn

from darts import Alpha, Shape
from step import Batch


def noise(seed: int, n: int) -> np.ndarray:
    """n numbers in [-1, 1), float64: the first outputs of mulberry32 seeded with `seed`, each from its index alone."""
    step = np.arange(1, n + 1, dtype=np.uint64) * np.uint64(0x6D2B79F5) + np.uint64(seed)
    a = (step & np.uint64(0xFFFFFFFF)).astype(np.uint32)
    t = (a ^ (a >> 15)) * (a | 1)
    t = t ^ (t + (t ^ (t >> 7)) * (t | 61))
    return (t ^ (t >> 14)).astype(np.float64) / 2**32 * 2 - 1


def noise_tensor(seed: int, shape: torch.Size | tuple[int, ...], *, scale: float) -> Tensor:
    """scale * noise in row-major order, float64."""
    return torch.from_numpy(noise(seed, math.prod(shape)) * scale).reshape(shape)


@torch.no_grad()
def fill(network: nn.Module) -> None:
    """Sets parameter number p, in the order of named_parameters, from noise(1000 + p).

    Convolutions and linear weights: noise / sqrt(fan-in); batch-norm weights: 1 + 0.1 noise; biases: 0.1 noise.
    """
    for p, (name, parameter) in enumerate(network.named_parameters()):
        if parameter.dim() > 1:
            value = noise_tensor(1000 + p, parameter.shape, scale=1 / math.sqrt(parameter[0].numel()))
        else:
            value = noise_tensor(1000 + p, parameter.shape, scale=0.1) + (1 if name.endswith("weight") else 0)
        parameter.copy_(value)


def make_alpha(shape: Shape, dtype: torch.dtype) -> Alpha:
    """0.5 * noise(1) for normal cells, 0.5 * noise(2) for reduction cells."""
    size = (len(shape.edges), 8)
    return Alpha(*(noise_tensor(seed, size, scale=0.5).to(dtype).requires_grad_() for seed in (1, 2)))


def _images(seed: int, shape: Shape, *, batch: int, size: int, dtype: torch.dtype) -> Tensor:
    return noise_tensor(seed, (batch, shape.in_channels, size, size), scale=1.5).to(dtype)


def train_batch(k: int, shape: Shape, *, batch: int, size: int, dtype: torch.dtype, seed: int = 3) -> Batch:
    """The training batch of step k: images 1.5 * noise(seed + k), label of image i: (7 i + 3 k) mod classes."""
    labels = (torch.arange(batch) * 7 + 3 * k) % shape.classes
    return Batch(_images(seed + k, shape, batch=batch, size=size, dtype=dtype), labels)


def valid_batch(k: int, shape: Shape, *, batch: int, size: int, dtype: torch.dtype) -> Batch:
    """The validation batch of step k: images 1.5 * noise(13 + k), label of image i: (5 i + 2 k + 1) mod classes."""
    labels = (torch.arange(batch) * 5 + 2 * k + 1) % shape.classes
    return Batch(_images(13 + k, shape, batch=batch, size=size, dtype=dtype), labels)
