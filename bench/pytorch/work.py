"""What step_time.py can time. Each task makes what it needs and returns the function to be timed.

bench/work.ts has the same tasks.
"""

import timeit
from argparse import Namespace
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bilateral import ALPHA_NAMES, BilateralAlpha, BilateralNetwork, Pair
from bilateral_step import bilateral_step, soft_freeze, start_bilateral
from darts import Alpha, CellSpec, SearchCell, SearchNetwork, Shape
from derived import DerivedNetwork, published
from methods import AuxiliaryOp, MethodNetwork, PartialOp, SampledOp, sampled
from resnet import ResNet
from step import CLIP_NORM, Batch, Search, moved, search_step, start_search

MIXING = 0.5
CALLS = 2_000
"""Calls of an operator that count as one step of task `op`."""
SGEMM = 2_048
"""Rows and columns of the matrices of task `sgemm`."""


def shape_of(o: Namespace) -> Shape:
    """The size of a network."""
    return Shape(channels=o.channels, layers=o.layers, nodes=o.nodes)


def channels_last(o: Namespace) -> bool:
    """Whether the layout is that."""
    return o.layout == "channels_last"


def fresh_alpha(shape: Shape) -> Tensor:
    """DARTS' initial values for one kind of cell."""
    return (1e-3 * torch.randn(len(shape.edges), 8)).requires_grad_()


def random_batch(o: Namespace) -> Batch:
    """Images without meaning."""
    shape = shape_of(o)
    return Batch(torch.randn(o.batch, shape.in_channels, o.image, o.image), torch.randint(shape.classes, (o.batch,)))


def step(o: Namespace) -> Callable[[], object]:
    """A whole search step: of alpha and of the weights, with optimizers and clipping."""
    return hls(o) if o.method == "hls" else darts(o)


def captured(search: Search, run: Callable[[], object]) -> Callable[[], object]:
    """The same step as one CUDA graph: after a few steps on a stream of their own, recorded once and replayed."""
    for group in search.alpha_optimizer.param_groups:
        group["capturable"] = True
    beside = torch.cuda.Stream()
    beside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(beside):
        for _ in range(3):
            run()
    torch.cuda.current_stream().wait_stream(beside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        run()
    return graph.replay


METHODS = {
    "gdas": {"edge": SampledOp, "relax": partial(sampled, temperature=5.0)},
    "pc-darts": {"edge": partial(PartialOp, k=4)},
    "darts-minus": {"edge": partial(AuxiliaryOp, beta=0.5)},
}
"""Networks of search methods other than DARTS."""


def supernet(o: Namespace) -> nn.Module:
    """The network that a method searches in."""
    options = {"channels_last": channels_last(o)}
    return SearchNetwork(shape_of(o), **options) if o.method == "darts" else MethodNetwork(shape_of(o), **METHODS[o.method], **options)


def darts(o: Namespace) -> Callable[[], object]:
    """One training and one validation batch."""
    shape = shape_of(o)
    alpha = [fresh_alpha(shape) for _ in range(2)]
    betas = [(1e-3 * torch.randn(len(shape.edges))).requires_grad_() for _ in range(2)] if o.method == "pc-darts" else []
    search = start_search(supernet(o), [*alpha, *betas] if betas else Alpha(*alpha))
    train, valid = random_batch(o), random_batch(o)
    if o.graph:
        return captured(search, lambda: moved(search, train, valid, order=o.order))
    return lambda: search_step(search, train, valid, order=o.order)


def hls(o: Namespace) -> Callable[[], object]:
    """A pair of training and a pair of validation batches; the backbone sees each pair at once."""
    shape = shape_of(o)
    network = BilateralNetwork(shape, channels_last=channels_last(o))
    search = start_bilateral(network, BilateralAlpha(*(fresh_alpha(shape) for _ in ALPHA_NAMES)))
    train, valid = (Pair(random_batch(o), random_batch(o)) for _ in range(2))
    factor = soft_freeze(MIXING)
    run = partial(bilateral_step, search, train, valid, mixing=MIXING, backbone_factor=factor, order=o.order)
    return captured(search, partial(run, step=moved)) if o.graph else run


def training_step(o: Namespace, network: nn.Module) -> Callable[[], object]:
    """A training step of a network: loss, gradients, clipping, SGD."""
    optimizer = torch.optim.SGD(network.parameters(), 0.025, momentum=0.9, weight_decay=3e-4)
    batch = random_batch(o)

    def run() -> None:
        optimizer.zero_grad()
        F.cross_entropy(network(batch.images), batch.labels).backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), CLIP_NORM)
        optimizer.step()

    return run


def derived(o: Namespace) -> Callable[[], object]:
    """A training step of the network of the published second-order cells."""
    return training_step(
        o, DerivedNetwork(shape_of(o), published()["darts-v2"], channels_last=channels_last(o)).train()
    )


def resnet(o: Namespace) -> Callable[[], object]:
    """A training step of ResNet-32."""
    return training_step(o, ResNet(channels=o.channels, channels_last=channels_last(o)).train())


def forward(o: Namespace) -> Callable[[], object]:
    """The supernet in training mode, without gradients."""
    shape = shape_of(o)
    network = SearchNetwork(shape, channels_last=channels_last(o)).train()
    alpha = Alpha(*(fresh_alpha(shape) for _ in range(2)))
    images = random_batch(o).images
    return torch.no_grad()(lambda: network(images, alpha))


def cell(o: Namespace) -> Callable[[], object]:
    """One cell of the supernet in mid-network, forward and back: gradients of its inputs, its weights and alpha."""
    shape, reduction = shape_of(o), o.kind == "reduction"
    layout = torch.channels_last if channels_last(o) else torch.contiguous_format
    inputs = o.nodes * o.channels // (2 if reduction else 1)
    output = (o.image + 1) // 2 if reduction else o.image

    def pixels(channels: int, size: int) -> Tensor:
        return torch.randn(o.batch, channels, size, size).contiguous(memory_format=layout)

    spec = CellSpec((inputs, inputs), o.channels, reduction, after_reduction=False)
    body = SearchCell(spec, shape.edges).to(memory_format=layout)
    s0, s1 = (pixels(inputs, o.image).requires_grad_() for _ in range(2))
    cotangent = pixels(o.nodes * o.channels, output)
    alpha = fresh_alpha(shape)
    leaves = [s0, s1, alpha, *body.parameters()]
    return lambda: torch.autograd.grad(body(s0, s1, torch.softmax(alpha, dim=-1)), leaves, cotangent)


def sgemm(_: Namespace) -> Callable[[], object]:
    """A matrix product."""
    a, b = torch.randn(SGEMM, SGEMM), torch.randn(SGEMM, SGEMM)
    return lambda: torch.mm(a, b)


def operator(o: Namespace) -> Callable[[], object]:
    """What a call of an operator costs where it has next to nothing to compute, its result freed."""
    one, other, two, four = torch.ones(1), torch.ones(1), torch.ones(2, 2), torch.ones(4)
    calls = {
        "add": "torch.add(one, other)",
        "relu": "torch.relu(one)",
        "mm": "torch.mm(two, two)",
        "narrow": "torch.narrow(four, 0, 1, 2)",
        "reshape": "torch.reshape(four, (2, 2))",
    }
    names = {"torch": torch, "one": one, "other": other, "two": two, "four": four}
    timer = timeit.Timer(calls[o.op], globals=names)
    return torch.no_grad()(lambda: timer.timeit(CALLS))


TASKS = {"step": step, "derived": derived, "resnet": resnet, "forward": forward, "cell": cell, "sgemm": sgemm, "op": operator}
