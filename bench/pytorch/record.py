"""How a network and its results are written into a fixture."""

import json
import platform

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from darts import Alpha, Shape
from inputs import noise
from packed import write_packed
from step import Batch

COMMAND = "python bench/pytorch/fixtures.py"
NOTES = (
    "weights and buffers list module paths in PyTorch's order; every list of digests follows it.",
    "A digest is the L2 norm, the dot product with noise(77) and the first values of a tensor, row-major.",
    "alpha is no part of weights. Its rows follow edges: (node, from), columns follow DARTS' eight primitives.",
    "All edges of a cell that leave the same state have the same buffers in the batch norm after a pool.",
    "pass: one forward and backward in training mode from a fresh state (means 0, variances 1) on the training batch "
    "of step 0; buffers are those after it, and evalLogits those of the same batch in evaluation mode after it.",
)


def flat(x: Tensor) -> np.ndarray:
    """A tensor as float64 in row-major order, whatever its memory format."""
    return x.detach().double().contiguous().flatten().numpy()


def digests(tensors: list[Tensor], *, brief: bool = False) -> list[dict]:
    """Enough of each tensor to recognise it: in 13 digits with its first value, or `brief`: 9 digits, without."""
    made = []
    for x in tensors:
        values = flat(x)
        numbers = (np.linalg.norm(values), values @ noise(77, values.size), *values[: 0 if brief else 1])
        norm, dot, *head = (float(f"{v:.9g}" if brief else f"{v:.13g}") for v in numbers)
        made.append({"norm": norm, "dot": dot, "head": head})
    return made


def buffers(network: nn.Module) -> dict[str, Tensor]:
    """Running means and variances; the counters of batches are left out."""
    return {name: b for name, b in network.named_buffers() if b.is_floating_point()}


def describe(network: nn.Module, shape: Shape, *, batch: int, size: int) -> dict:
    """What a reader needs to build the same network and to match its weights and buffers."""

    def paths(tensors: dict[str, Tensor]) -> list[dict]:
        return [{"name": name, "shape": list(x.shape)} for name, x in tensors.items()]

    return {
        "channels": shape.channels,
        "layers": shape.layers,
        "nodes": shape.nodes,
        "classes": shape.classes,
        "inChannels": shape.in_channels,
        "batch": batch,
        "size": size,
        "edges": [{"node": node, "from": state} for node, state in shape.edges],
        "weights": paths(dict(network.named_parameters())),
        "buffers": paths(buffers(network)),
    }


def alpha_rows(alpha: Alpha | list[Tensor]) -> dict:
    """Alpha or its gradient in full: [edges][8] for either kind of cell."""
    normal, reduction = alpha
    return {"normal": normal.tolist(), "reduction": reduction.tolist()}


def forward_backward(network: nn.Module, batch: Batch, alpha: Alpha | None) -> tuple[Tensor, Tensor, list[Tensor]]:
    """Logits, loss, and the gradients: alpha's, for a supernet, then those of the weights."""
    logits = network(batch.images, *filter(None, [alpha]))
    loss = F.cross_entropy(logits, batch.labels)
    return logits, loss, list(torch.autograd.grad(loss, [*(alpha or ()), *network.parameters()]))


def one_pass(network: nn.Module, batch: Batch, alpha: Alpha | None = None, *, brief: bool = False) -> dict:
    """`pass` of the notes: training-mode forward and backward of a fresh network, then logits in evaluation mode."""
    logits, loss, gradients = forward_backward(network, batch, alpha)
    found = {"logits": logits.tolist(), "loss": loss.item()}
    if alpha is not None:
        found["alphaGradient"] = alpha_rows(gradients[:2])
        del gradients[:2]
    found["weightGradients"] = digests(gradients, brief=brief)
    found["buffers"] = digests(list(buffers(network).values()), brief=brief)
    network.eval()
    with torch.no_grad():
        found["evalLogits"] = network(batch.images, *filter(None, [alpha])).tolist()
    return found


def save(name: str, content: dict) -> None:
    """Writes one fixture, with how it was made and a sample of the generator that its reader must reproduce."""
    versions = {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "cpu": torch.backends.cpu.get_cpu_capability(),
    }
    sample = {"seed": 77, "values": noise(77, 4).tolist()}
    header = {"command": COMMAND, "versions": versions, "notes": NOTES, "noise": sample}
    text = _lines({**header, **content}) + "\n"
    path = write_packed(name, text)
    print(f"{path.name}: {path.stat().st_size / 1e6:.2f} MB")


def _lines(value: object) -> str:
    """JSON with what holds objects spread over lines, and all else on one line: one digest is one line of a diff."""
    if isinstance(value, dict) and any(isinstance(v, (dict, list, tuple)) and _holds_dict(v) for v in value.values()):
        return "{\n" + ",\n".join(f"{json.dumps(k)}: {_lines(v)}" for k, v in value.items()) + "\n}"
    if isinstance(value, (list, tuple)) and any(isinstance(v, dict) for v in value):
        return "[\n" + ",\n".join(map(_lines, value)) + "\n]"
    return json.dumps(value, separators=(",", ":"))


def _holds_dict(value: object) -> bool:
    return isinstance(value, dict) or any(isinstance(v, dict) for v in value)
