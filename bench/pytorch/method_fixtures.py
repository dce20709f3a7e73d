"""Makes the parity fixture of the search methods: what PyTorch computes in float64.

    python bench/pytorch/method_fixtures.py

Writes test/fixtures/methods.json.gz in seconds; the same machine and versions give the same bytes. Its parts:

    relaxations   {name: {value, gradients}}: operation weights [5, 8] of two nodes' edges, and the gradients of
                  sum(weights * noise(2)) in alpha = 2 noise(1) (and beta = noise(3) where there is one).
                  What is random is drawn right after torch.manual_seed(7): exponential numbers for gumbel and sampled
                  (of alpha's shape), uniform ones in [-0.1, 0.1) for perturbed, the draw itself for dirichlet
    penalty       FairDARTS' zero-one loss of two cells' alpha, 2 noise(1) and 2 noise(4), and its gradients
    networks      {partial, auxiliary}: a pass as in fixtures.py, through a network whose operations work on one in two
                  channels under edge normalisation, beta = 0.5 noise(3) and 0.5 noise(4), and through one with a skip
                  connection beside each edge, weight 0.4
"""

import gzip
import json
import platform

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from darts import CellNetwork, CellSpec, MixedOp, SearchCell, Shape
from inputs import fill, make_alpha, noise, noise_tensor, train_batch
from primitives import FactorizedReduce
from record import FOLDER, buffers, describe, digests

SHAPE = Shape(channels=4, layers=3, nodes=2, classes=5)
BATCH, SIZE, PARTIAL, BETA = 6, 8, 2, 0.4
NODES = ((0, 2), (2, 3))  # first edge and number of edges of each node
SEED, RADIUS, TEMPERATURE = 7, 0.1, 0.7


def by_node(beta: Tensor) -> Tensor:
    """softmax over the edges into each node."""
    return torch.cat([torch.softmax(beta[start : start + n], dim=-1) for start, n in NODES])


def gumbel(alpha: Tensor) -> Tensor:
    noise_ = -torch.empty_like(alpha).exponential_().log()
    return torch.softmax((torch.log_softmax(alpha, dim=-1) + noise_) / TEMPERATURE, dim=-1)


def sampled(alpha: Tensor) -> Tensor:
    soft = gumbel(alpha)
    hard = F.one_hot(soft.argmax(dim=-1), soft.shape[-1]).to(soft)
    # Only what was drawn runs: the entries of the others are never read.
    return (hard - soft.detach() + soft) * hard


def perturbed(alpha: Tensor) -> Tensor:
    weights = torch.softmax(alpha, dim=-1)
    moved = (weights + torch.empty_like(weights).uniform_(-RADIUS, RADIUS)).clamp(0, 1)
    return moved / moved.sum(dim=-1, keepdim=True)


RELAXATIONS = {
    "softmax": lambda alpha, _: torch.softmax(alpha / TEMPERATURE, dim=-1),
    "sigmoid": lambda alpha, _: torch.sigmoid(alpha),
    "gumbel": lambda alpha, _: gumbel(alpha),
    "sampled": lambda alpha, _: sampled(alpha),
    "dirichlet": lambda alpha, _: torch.distributions.Dirichlet(F.elu(alpha) + 1).rsample(),
    "edgeNormalised": lambda alpha, beta: torch.softmax(alpha, dim=-1) * by_node(beta)[:, None],
    "perturbed": lambda alpha, _: perturbed(alpha),
}


def relaxation(name: str) -> dict:
    alpha = noise_tensor(1, (5, 8), scale=2).requires_grad_()
    beta = noise_tensor(3, (5,), scale=1).requires_grad_()
    torch.manual_seed(SEED)
    weights = RELAXATIONS[name](alpha, beta)
    loss = (weights * noise_tensor(2, (5, 8), scale=1)).sum()
    leaves = [alpha, beta] if name == "edgeNormalised" else [alpha]
    gradients = torch.autograd.grad(loss, leaves)
    return {"value": weights.tolist(), "gradients": [g.flatten().tolist() for g in gradients]}


def penalty() -> dict:
    alphas = [noise_tensor(seed, (5, 8), scale=2).requires_grad_() for seed in (1, 4)]
    weights = torch.sigmoid(torch.cat(alphas))
    value = -10 * F.mse_loss(weights, torch.full_like(weights, 0.5))
    gradients = torch.autograd.grad(value, alphas)
    return {"value": value.item(), "gradients": [g.flatten().tolist() for g in gradients]}


class PartialOp(MixedOp):
    """An edge of PC-DARTS: operations on the first channels, the rest passes by, all are shuffled."""

    def __init__(self, channels: int, stride: int) -> None:
        super().__init__(channels // PARTIAL, stride)
        self.stride = stride

    def forward(self, x: Tensor, weights: Tensor) -> Tensor:
        size = x.shape[1] // PARTIAL
        done = super().forward(x[:, :size], weights)
        rest = x[:, size:] if self.stride == 1 else F.max_pool2d(x[:, size:], 2, 2)
        both = torch.cat([done, rest], dim=1)
        n, c, h, w = both.shape
        return both.view(n, PARTIAL, c // PARTIAL, h, w).transpose(1, 2).reshape(n, c, h, w)


class AuxiliaryOp(MixedOp):
    """An edge of DARTS-: a skip connection beside its operations."""

    def __init__(self, channels: int, stride: int) -> None:
        super().__init__(channels, stride)
        self.auxiliary = FactorizedReduce(channels, channels, affine=False) if stride == 2 else nn.Identity()

    def forward(self, x: Tensor, weights: Tensor) -> Tensor:
        return super().forward(x, weights) + BETA * self.auxiliary(x)


class Cell(SearchCell):
    """A search cell of other edges; `shares` are weights of the edges themselves."""

    def __init__(self, spec: CellSpec, op: type[MixedOp]) -> None:
        super().__init__(spec, SHAPE.edges)
        self.edges = nn.ModuleList(
            op(spec.channels, 2 if spec.reduction and state < 2 else 1) for _, state in SHAPE.edges
        )

    def forward(self, s0: Tensor, s1: Tensor, weights: Tensor, shares: Tensor) -> Tensor:
        states = [self.preprocess0(s0), self.preprocess1(s1)]
        edge = 0
        for _ in range(self.nodes):
            node = sum(shares[edge + j] * self.edges[edge + j](x, weights[edge + j]) for j, x in enumerate(states))
            edge += len(states)
            states.append(node)
        return torch.cat(states[2:], dim=1)


class Network(CellNetwork):
    def __init__(self, op: type[MixedOp]) -> None:
        super().__init__(SHAPE, lambda spec: Cell(spec, op), channels_last=False)

    def forward(self, images: Tensor, alpha: tuple[Tensor, ...], shares: tuple[Tensor, ...]) -> Tensor:
        s0 = s1 = self.stem_features(images)
        for index, cell in enumerate(self.cells):
            kind = int(index in self.reductions)
            s0, s1 = s1, cell(s0, s1, torch.softmax(alpha[kind], dim=-1), shares[kind])
        return self.classify(s1)


def network(op: type[MixedOp], *, normalised: bool) -> dict:
    net = Network(op).double()
    fill(net)
    alpha = make_alpha(SHAPE, torch.float64)
    betas = [noise_tensor(seed, (5,), scale=0.5).requires_grad_() for seed in (3, 4)] if normalised else []
    ones = torch.ones(5, dtype=torch.float64)
    shares = tuple(by_node(beta) for beta in betas) if normalised else (ones, ones)
    batch = train_batch(0, SHAPE, batch=BATCH, size=SIZE, dtype=torch.float64)
    logits = net(batch.images, alpha, shares)
    loss = F.cross_entropy(logits, batch.labels)
    gradients = torch.autograd.grad(loss, [*alpha, *betas, *net.parameters()], allow_unused=True)
    count = 2 + len(betas)
    found = {
        **describe(net, SHAPE, batch=BATCH, size=SIZE),
        "logits": logits.tolist(),
        "loss": loss.item(),
        "alphaGradients": [g.flatten().tolist() for g in gradients[:count]],
        "weightGradients": digests(list(gradients[count:])),
        "moved": digests(list(buffers(net).values())),
    }
    net.eval()
    with torch.no_grad():
        found["evalLogits"] = net(batch.images, alpha, shares).tolist()
    return found


if __name__ == "__main__":
    torch.set_num_threads(1)
    fixture = {
        "command": "python bench/pytorch/method_fixtures.py",
        "versions": {"torch": torch.__version__, "python": platform.python_version()},
        "noise": noise(77, 4).tolist(),
        "temperature": TEMPERATURE,
        "radius": RADIUS,
        "seed": SEED,
        "relaxations": {name: relaxation(name) for name in RELAXATIONS},
        "penalty": penalty(),
        "networks": {
            "partial": network(PartialOp, normalised=True),
            "auxiliary": network(AuxiliaryOp, normalised=False),
        },
    }
    text = json.dumps(fixture, separators=(",", ":")).encode()
    (FOLDER / "methods.json.gz").write_bytes(gzip.compress(text, mtime=0))
