"""Makes the parity fixture of the search methods: what PyTorch computes in float64.

    python bench/pytorch/method_fixtures.py

Writes test/fixtures/methods.json.br in seconds; the same machine and versions give the same bytes. Its parts:

    relaxations   {name: {value, gradients}}: operation weights [5, 8] of two nodes' edges, and the gradients of
                  sum(weights * noise(2)) in alpha = 2 noise(1) (and beta = noise(3) where there is one).
                  What is random is drawn right after torch.manual_seed(7): exponential numbers for gumbel and sampled
                  (of alpha's shape), uniform ones in [-0.1, 0.1) for perturbed, the draw itself for dirichlet
    penalty       FairDARTS' zero-one loss of two cells' alpha, 2 noise(1) and 2 noise(4), and its gradients
    networks      {partial, auxiliary}: a pass as in fixtures.py, through a network whose operations work on one in two
                  channels under edge normalisation, beta = 0.5 noise(3) and 0.5 noise(4), and through one with a skip
                  connection beside each edge, weight 0.4
"""

import json
import platform
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from darts import Shape
from inputs import fill, make_alpha, noise, noise_tensor, train_batch
from methods import AuxiliaryOp, MethodNetwork, PartialOp, by_node, gumbel, sampled
from packed import write_packed
from record import buffers, describe, digests

SHAPE = Shape(channels=4, layers=3, nodes=2, classes=5)
BATCH, SIZE, PARTIAL, BETA = 6, 8, 2, 0.4
SEED, RADIUS, TEMPERATURE = 7, 0.1, 0.7


def perturbed(alpha: Tensor) -> Tensor:
    weights = torch.softmax(alpha, dim=-1)
    moved = (weights + torch.empty_like(weights).uniform_(-RADIUS, RADIUS)).clamp(0, 1)
    return moved / moved.sum(dim=-1, keepdim=True)


RELAXATIONS = {
    "softmax": lambda alpha, _: torch.softmax(alpha / TEMPERATURE, dim=-1),
    "sigmoid": lambda alpha, _: torch.sigmoid(alpha),
    "gumbel": lambda alpha, _: gumbel(alpha, TEMPERATURE),
    "sampled": lambda alpha, _: sampled(alpha, TEMPERATURE),
    "dirichlet": lambda alpha, _: torch.distributions.Dirichlet(F.elu(alpha) + 1).rsample(),
    "edgeNormalised": lambda alpha, beta: torch.softmax(alpha, dim=-1) * by_node(beta, SHAPE.nodes)[:, None],
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


def network(edge: Callable[[int, int], nn.Module], *, normalised: bool) -> dict:
    net = MethodNetwork(SHAPE, edge=edge).double()
    fill(net)
    alpha = make_alpha(SHAPE, torch.float64)
    betas = [noise_tensor(seed, (5,), scale=0.5).requires_grad_() for seed in (3, 4)] if normalised else []
    batch = train_batch(0, SHAPE, batch=BATCH, size=SIZE, dtype=torch.float64)
    logits = net(batch.images, [*alpha, *betas])
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
        found["evalLogits"] = net(batch.images, [*alpha, *betas]).tolist()
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
            "partial": network(partial(PartialOp, k=PARTIAL), normalised=True),
            "auxiliary": network(partial(AuxiliaryOp, beta=BETA), normalised=False),
        },
    }
    text = json.dumps(fixture, separators=(",", ":"))
    write_packed("methods", text)
