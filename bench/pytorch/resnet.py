"""The residual network that long-tail papers train on 32x32 images (arXiv 1512.03385, section 4.2).

Two networks go by the name ResNet-32: one that starts with 16 channels and one that starts with 64. Run as a script,
it checks the known numbers of weights and multiply-adds of both:

    python bench/pytorch/resnet.py
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from darts import count_weights
from macs import count_macs

STAGES = 3


def shortcut(x: Tensor, channels: int, stride: int) -> Tensor:
    """Option A, without weights: every `stride`-th pixel, and zeros around the channels of x, half on each side.

    Where the number of new channels is odd, the one more comes after.
    """
    new = channels - x.shape[1]
    if stride == 1 and new == 0:
        return x
    return F.pad(x[:, :, ::stride, ::stride], (0, 0, 0, 0, new // 2, new - new // 2))


class BasicBlock(nn.ModuleList):
    """ReLU(shortcut(x) + BN(conv(ReLU(BN(conv(x)))))): two 3x3 convolutions, the stride on the first."""

    def __init__(self, channels_in: int, channels_out: int, stride: int) -> None:
        super().__init__(
            [
                nn.Conv2d(channels_in, channels_out, 3, stride, padding=1, bias=False),
                nn.BatchNorm2d(channels_out),
                nn.Conv2d(channels_out, channels_out, 3, padding=1, bias=False),
                nn.BatchNorm2d(channels_out),
            ]
        )
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        """[batch, channels_in, h, w] to [batch, channels_out, ceil(h / stride), ceil(w / stride)]."""
        first, first_norm, second, second_norm = self
        y = second_norm(second(F.relu(first_norm(first(x)))))
        return F.relu(y + shortcut(x, y.shape[1], self.stride))


class ResNet(nn.Module):
    """Stem, three stages of `blocks` basic blocks, pooled linear classifier: 6 `blocks` + 2 layers.

    Each stage but the first halves the image and doubles the channels. Weights of convolutions and of the classifier
    start normal with variance 2 / fan-in (He), the classifier's bias as PyTorch's layers do.
    """

    def __init__(
        self,
        *,
        channels: int = 16,
        blocks: int = 5,
        classes: int = 10,
        in_channels: int = 3,
        channels_last: bool = False,
    ) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(in_channels, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels))
        self.stages = nn.ModuleList()
        width = channels
        for stage in range(STAGES):
            made = nn.Sequential()
            for block in range(blocks):
                output = channels * 2**stage
                made.append(BasicBlock(width, output, stride=2 if stage > 0 and block == 0 else 1))
                width = output
            self.stages.append(made)
        self.classifier = nn.Linear(width, classes)
        for layer in self.modules():
            if isinstance(layer, (nn.Conv2d, nn.Linear)):
                nn.init.kaiming_normal_(layer.weight)
        self.memory_format = torch.channels_last if channels_last else torch.contiguous_format
        self.to(memory_format=self.memory_format)

    def forward(self, images: Tensor) -> Tensor:
        """images: [batch, in_channels, h, w]; logits [batch, classes]."""
        x = F.relu(self.stem(images.contiguous(memory_format=self.memory_format)))
        for stage in self.stages:
            x = stage(x)
        return self.classifier(F.adaptive_avg_pool2d(x, 1).flatten(1))


def _check() -> None:
    """Prints a line per known network; stops where one differs."""
    for channels, classes, expected, expected_macs in (
        (16, 10, 464_154, 68.9),
        (16, 100, 470_004, None),
        (64, 10, 7_386_186, 1_096.5),
        (64, 100, 7_409_316, None),
    ):
        network = ResNet(channels=channels, classes=classes)
        label = f"ResNet-32, C = {channels}, {classes} classes"
        weights, mega_macs = count_weights(network), count_macs(network, torch.zeros(1, 3, 32, 32)) / 1e6
        print(f"{label}: {weights:,} weights, {mega_macs:.2f} MMACs")
        assert weights == expected, f"Cannot trust this reference: {label} has {weights} weights, not {expected}"
        right = expected_macs is None or abs(mega_macs - expected_macs) <= 0.05
        assert right, f"Cannot trust this reference: {label} has {mega_macs} MMACs, not {expected_macs}"


if __name__ == "__main__":
    _check()
