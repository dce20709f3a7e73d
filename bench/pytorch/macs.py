"""Multiply-adds of a network, counted from the shapes that pass through it."""

import torch
from torch import Tensor, nn


@torch.no_grad()
def count_macs(network: nn.Module, images: Tensor) -> int:
    """Multiply-adds of convolutions and linear layers per image, in evaluation mode."""
    total = 0

    def count(layer: nn.Module, _: tuple[Tensor, ...], output: Tensor) -> None:
        nonlocal total
        total += output[0].numel() * layer.weight[0].numel()

    layers = [layer for layer in network.modules() if isinstance(layer, (nn.Conv2d, nn.Linear))]
    hooks = [layer.register_forward_hook(count) for layer in layers]
    was_training = network.training
    network.eval()
    network(images)
    network.train(was_training)
    for hook in hooks:
        hook.remove()
    return total
