"""One step of DARTS' search, first or second order (arXiv 1806.09055, eq 6 to 8): alpha first, then weights.

Run as a script, it compares the second-order gradient of alpha with exact differentiation through the weight step.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from darts import Alpha, SearchNetwork, Shape

CLIP_NORM = 5.0


class Batch(NamedTuple):
    """images: [batch, in_channels, h, w]; labels: [batch]."""

    images: Tensor
    labels: Tensor


class StepRecord(NamedTuple):
    """What one step saw. valid_loss: at w' in second order. grad_norm: of all weight gradients, before clipping."""

    train_loss: float
    valid_loss: float
    grad_norm: float


@dataclass(frozen=True)
class Search:
    """A search under way: the supernet, alpha, and an optimizer for each."""

    network: SearchNetwork
    alpha: Alpha
    weight_optimizer: torch.optim.SGD
    alpha_optimizer: torch.optim.Adam


def start_search(network: SearchNetwork, alpha: Alpha, *, weight_lr: float = 0.025) -> Search:
    """Puts DARTS' optimizers on a network and its alpha (leaf tensors); `weight_lr` is also xi of second order."""
    return Search(
        network,
        alpha,
        torch.optim.SGD(network.parameters(), weight_lr, momentum=0.9, weight_decay=3e-4),
        torch.optim.Adam(alpha, 3e-4, betas=(0.5, 0.999), weight_decay=1e-3),
    )


def search_step(search: Search, train: Batch, valid: Batch, *, order: int = 1) -> StepRecord:
    """Moves alpha, then the weights, and says what it saw."""
    return StepRecord(*(seen.item() for seen in moved(search, train, valid, order=order)))


def moved(search: Search, train: Batch, valid: Batch, *, order: int = 1) -> tuple[Tensor, Tensor, Tensor]:
    """The step itself, which waits for no number, so that a CUDA graph can hold it: the fields of its record. Batch norms are in training mode throughout.

    The alpha step computes no weight gradients that nobody reads, nor the weight step those of alpha. The public code
    computes and drops them, so this step is the faster of the two.
    """
    search.network.train()
    gradients, valid_loss = second_order(search, train, valid) if order == 2 else first_order(search, valid)
    for rows, gradient in zip(search.alpha, gradients):
        rows.grad = gradient
    search.alpha_optimizer.step()

    weights = list(search.network.parameters())
    search.weight_optimizer.zero_grad()
    train_loss = _loss(search.network, search.alpha, train)
    train_loss.backward(inputs=weights)
    norm = torch.nn.utils.clip_grad_norm_(weights, CLIP_NORM)
    search.weight_optimizer.step()
    return train_loss, valid_loss, norm


def first_order(search: Search, valid: Batch) -> tuple[Sequence[Tensor], Tensor]:
    """Gradients of L_val(w, alpha) by alpha, and L_val. The validation pass moves the network's buffers once."""
    loss = _loss(search.network, search.alpha, valid)
    return torch.autograd.grad(loss, search.alpha), loss


def second_order(search: Search, train: Batch, valid: Batch) -> tuple[Sequence[Tensor], Tensor]:
    """Gradients by alpha of L_val(w'), w' = w - xi (momentum * buffer + grad L_train(w) + decay * w), and L_val(w').

    They are grad_alpha L_val(w') - xi (grad_alpha L_train(w+) - grad_alpha L_train(w-)) / (2 R), where w+ and w- are
    w + R v and w - R v, v = grad_w' L_val(w'), R = 0.01 / |v| in the L2 norm of all weights together. xi is the current
    weight learning rate. The gradient in w' is not clipped. The finite difference is at w, as in the public code.

    The passes in order, each in training mode, and the batch-norm buffers that each moves:
      1. training batch at w: the network's
      2. validation batch at w': those of a copy, made after pass 1 (so from its moved buffers) and then thrown away
      3. training batch at w+: the network's
      4. training batch at w-: the network's
    With the weight step that follows, a whole step moves the network's buffers four times, by the training batch each.
    """
    network, alpha = search.network, search.alpha
    weights = list(network.parameters())
    ahead = _look_ahead(search, train)
    loss = _loss(ahead, alpha, valid)
    gradients = torch.autograd.grad(loss, [*alpha, *ahead.parameters()])
    direct, v = gradients[: len(alpha)], gradients[len(alpha) :]
    radius = 0.01 / _norm(v).item()

    _move(weights, v, radius)
    plus = torch.autograd.grad(_loss(network, alpha, train), alpha)
    _move(weights, v, -2 * radius)
    minus = torch.autograd.grad(_loss(network, alpha, train), alpha)
    _move(weights, v, radius)

    xi = search.weight_optimizer.param_groups[0]["lr"]
    return [d - xi * (p - m) / (2 * radius) for d, p, m in zip(direct, plus, minus)], loss


def _look_ahead(search: Search, train: Batch) -> SearchNetwork:
    """A copy of the network at w', made after the training pass."""
    options = search.weight_optimizer.param_groups[0]
    weights = list(search.network.parameters())
    gradients = torch.autograd.grad(_loss(search.network, search.alpha, train), weights)
    ahead = copy.deepcopy(search.network)
    with torch.no_grad():
        for w, gradient, moved in zip(weights, gradients, ahead.parameters()):
            velocity = gradient + options["weight_decay"] * w
            buffer = search.weight_optimizer.state[w].get("momentum_buffer")
            if buffer is not None:
                velocity += options["momentum"] * buffer
            moved -= options["lr"] * velocity
    return ahead


def _loss(network: SearchNetwork, alpha: Alpha, batch: Batch) -> Tensor:
    """Mean cross-entropy."""
    return F.cross_entropy(network(batch.images, alpha), batch.labels)


def _norm(tensors: Sequence[Tensor]) -> Tensor:
    """L2 norm of all of them as one vector."""
    return torch.cat([t.flatten() for t in tensors]).norm()


@torch.no_grad()
def _move(weights: Sequence[Tensor], direction: Sequence[Tensor], distance: float) -> None:
    """weights += distance * direction, in place."""
    for w, d in zip(weights, direction):
        w.add_(d, alpha=distance)


def _exact_second_order(search: Search, train: Batch, valid: Batch) -> tuple[Tensor, ...]:
    """The same gradients by differentiating through w'; for the first step, when there is no momentum yet."""
    names, weights = zip(*search.network.named_parameters())
    options = search.weight_optimizer.param_groups[0]
    gradients = torch.autograd.grad(_loss(search.network, search.alpha, train), weights, create_graph=True)
    ahead = {n: w - options["lr"] * (g + options["weight_decay"] * w) for n, w, g in zip(names, weights, gradients)}
    logits = torch.func.functional_call(search.network, ahead, (valid.images, search.alpha))
    return torch.autograd.grad(F.cross_entropy(logits, valid.labels), search.alpha)


def _smooth(module: nn.Module) -> nn.Module:
    """Swaps ReLU and max pooling for smooth operations: across their kinks a finite difference is no derivative."""
    for name, child in module.named_children():
        if isinstance(child, nn.ReLU):
            setattr(module, name, nn.Softplus())
        elif isinstance(child, nn.MaxPool2d):
            setattr(module, name, nn.AvgPool2d(3, stride=child.stride, padding=1))
        else:
            _smooth(child)
    return module


def _check() -> None:
    """Compares the part of the gradient that comes from moving w', on a small smooth network."""
    shape = Shape(channels=4, layers=3, nodes=2, classes=5)
    network = _smooth(SearchNetwork(shape).double())
    alpha = Alpha(*(torch.randn(len(shape.edges), 8, dtype=torch.float64, requires_grad=True) for _ in range(2)))
    search = start_search(network, alpha)
    train, valid = (Batch(torch.randn(16, 3, 8, 8).double(), torch.arange(16) % 5) for _ in range(2))
    direct = torch.autograd.grad(_loss(_look_ahead(search, train), alpha, valid), alpha)
    exact, (approximate, _) = _exact_second_order(search, train, valid), second_order(search, train, valid)
    implicit = _norm([e - d for e, d in zip(exact, direct)]).item()
    error = _norm([e - a for e, a in zip(exact, approximate)]).item() / implicit
    assert error < 0.01, f"Cannot trust this reference: second order is off by {error:.2g} of its finite difference"
    print(f"second order: finite difference of norm {implicit:.3g}, relative error {error:.2g}")


if __name__ == "__main__":
    torch.manual_seed(0)
    torch.set_num_threads(1)
    _check()
