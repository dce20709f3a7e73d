"""DARTS' candidate operations, each a module of its own, as the public code organises them."""

from torch import Tensor, cat, nn
from torch.nn import functional as F

PRIMITIVES = (
    "none",
    "max_pool_3x3",
    "avg_pool_3x3",
    "skip_connect",
    "sep_conv_3x3",
    "sep_conv_5x5",
    "dil_conv_3x3",
    "dil_conv_5x5",
)
"""The columns of alpha, in DARTS' order."""


class Zero(nn.Module):
    """The candidate that contributes nothing; computed all the same, as DARTS does."""

    def __init__(self, stride: int) -> None:
        super().__init__()
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        """[batch, c, h, w] to zeros [batch, c, ceil(h / stride), ceil(w / stride)]."""
        if self.stride == 1:
            return x.mul(0.0)
        return x[:, :, :: self.stride, :: self.stride].mul(0.0)


class FactorizedReduce(nn.Module):
    """Halves an image: ReLU, two 1x1 convolutions of stride 2, the second on x shifted by one pixel, side by side.

    The public code stops at odd sizes. Here an odd side gets one zero at its end, so that both halves have
    ceil(side / 2) pixels.
    """

    def __init__(self, channels_in: int, channels_out: int, *, affine: bool) -> None:
        super().__init__()
        half = channels_out // 2
        self.relu = nn.ReLU(inplace=False)
        self.conv_1 = nn.Conv2d(channels_in, half, 1, stride=2, bias=False)
        self.conv_2 = nn.Conv2d(channels_in, channels_out - half, 1, stride=2, bias=False)
        self.bn = nn.BatchNorm2d(channels_out, affine=affine)

    def forward(self, x: Tensor) -> Tensor:
        """[batch, channels_in, h, w] to [batch, channels_out, ceil(h / 2), ceil(w / 2)]."""
        x = self.relu(x)
        odd_h, odd_w = x.shape[2] % 2, x.shape[3] % 2
        wide = F.pad(x, (0, odd_w, 0, odd_h)) if odd_h or odd_w else x
        return self.bn(cat([self.conv_1(x), self.conv_2(wide[:, :, 1:, 1:])], dim=1))


def relu_conv_bn(channels_in: int, channels_out: int, *, affine: bool) -> nn.Sequential:
    """Changes the number of channels: ReLU, 1x1 convolution, batch norm."""
    return nn.Sequential(
        nn.ReLU(inplace=False),
        nn.Conv2d(channels_in, channels_out, 1, bias=False),
        nn.BatchNorm2d(channels_out, affine=affine),
    )


def _separated(channels: int, kernel: int, *, stride: int, dilation: int, affine: bool) -> list[nn.Module]:
    """ReLU, depthwise, pointwise, batch norm: the unit of which sep_conv and dil_conv are made."""
    padding = dilation * (kernel - 1) // 2
    return [
        nn.ReLU(inplace=False),
        nn.Conv2d(channels, channels, kernel, stride, padding, dilation, groups=channels, bias=False),
        nn.Conv2d(channels, channels, 1, bias=False),
        nn.BatchNorm2d(channels, affine=affine),
    ]


def primitive(name: str, channels: int, *, stride: int, affine: bool) -> nn.Module:
    """Builds a candidate by name: `channels` in and out, the image divided by `stride`."""
    if name == "none":
        return Zero(stride)
    if name == "max_pool_3x3":
        return nn.MaxPool2d(3, stride=stride, padding=1)
    if name == "avg_pool_3x3":
        return nn.AvgPool2d(3, stride=stride, padding=1, count_include_pad=False)
    if name == "skip_connect":
        return nn.Identity() if stride == 1 else FactorizedReduce(channels, channels, affine=affine)
    kernel = {"3x3": 3, "5x5": 5, "7x7": 7}[name[-3:]]
    if name.startswith("sep_conv"):
        first = _separated(channels, kernel, stride=stride, dilation=1, affine=affine)
        return nn.Sequential(*first, *_separated(channels, kernel, stride=1, dilation=1, affine=affine))
    return nn.Sequential(*_separated(channels, kernel, stride=stride, dilation=2, affine=affine))
