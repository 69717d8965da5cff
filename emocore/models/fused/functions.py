"""Steps of a transformer's layer with their gradients written out, in fewer passes over memory than autograd makes.

Each gives what the usual modules of Transformers give: equal in fp32 up to the order of sums, and in bf16 with as many
roundings or fewer. Only the gradient of the input is computed, since the base is frozen.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

SCALE_OF_BITS = 2**16  # a number of 16 bits decides whether a value is dropped


class RootMeanSquareNorm(torch.autograd.Function):
    """x -> g x / sqrt(mean(x^2) + eps) over the last dimension (Zhang and Sennrich 2019), in fp32 up to the product
    with g."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, epsilon: float) -> Tensor:
        normed = x.to(torch.float32, copy=True)
        scale = torch.linalg.vector_norm(normed, dim=-1, keepdim=True)
        scale.square_().div_(x.shape[-1]).add_(epsilon).rsqrt_()
        ctx.save_for_backward(x, weight, scale)
        return normed.mul_(scale).to(x.dtype).mul_(weight)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        x, weight, scale = ctx.saved_tensors
        normed = x.to(torch.float32, copy=True).mul_(scale)
        of_normed = torch.mul(gradient, weight).to(torch.float32)
        along = (of_normed * normed).mean(dim=-1, keepdim=True)
        return of_normed.addcmul_(normed, along, value=-1).mul_(scale).to(x.dtype), None, None


class GatedUnit(torch.autograd.Function):
    """(..., 2 n) -> (..., n): silu(a) b of the two halves (Shazeer 2020)."""

    @staticmethod
    def forward(ctx: Any, halves: Tensor) -> Tensor:
        ctx.save_for_backward(halves)
        gate, up = halves.chunk(2, dim=-1)
        return torch.nn.functional.silu(gate).mul_(up)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        (halves,) = ctx.saved_tensors
        gate, up = halves.chunk(2, dim=-1)
        result = torch.empty_like(halves)
        of_gate, of_up = result.chunk(2, dim=-1)
        torch.mul(torch.nn.functional.silu(gate), gradient, out=of_up)
        of_gate.copy_(torch.ops.aten.silu_backward(gradient * up, gate))
        return result


class Attention(torch.autograd.Function):
    """(batch, tokens, (heads + 2 groups) size) -> (batch, tokens, heads size): softmax attention of joined queries,
    keys and values, where `heads / groups` heads of queries share keys and values (Ainslie et al. 2023).

    `rotation` has the cosines and sines of the rotary embedding (Su et al. 2021), each (1 or batch, tokens, size), or
    is None. `mask`, (batch, 1, 1 or tokens, tokens), is added to the scores.
    """

    @staticmethod
    def forward(
        ctx: Any,
        joined: Tensor,
        rotation: tuple[Tensor, Tensor] | None,
        mask: Tensor | None,
        heads: int,
        groups: int,
        scaling: float,
        dropout: float,
    ) -> Tensor:
        batch, tokens = joined.shape[:2]
        values = joined.view(batch, tokens, heads + 2 * groups, -1)
        queries_and_keys = values[:, :, : heads + groups].transpose(1, 2)
        if rotation:
            queries_and_keys = _rotate(queries_and_keys, *rotation)
        size = values.shape[-1]
        query = queries_and_keys[:, :heads].reshape(batch * groups, -1, size)
        key = queries_and_keys[:, heads:].reshape(batch * groups, tokens, size)
        value = values[:, :, heads + groups :].transpose(1, 2).reshape(batch * groups, tokens, size)
        scores = torch.bmm(query, key.transpose(1, 2)).view(batch, heads, tokens, tokens)
        scores = scores.mul_(scaling) if mask is None else torch.add(mask, scores, alpha=scaling)
        weights = torch.softmax(scores, dim=-1, dtype=torch.float32).to(joined.dtype)
        kept = draw_kept(weights, dropout) if dropout else None
        used = (weights if kept is None else weights * kept).view(batch * groups, -1, tokens)
        result = torch.bmm(used, value).view(batch, heads, tokens, size)
        ctx.save_for_backward(query, key, value, weights, kept, *(rotation or ()))
        ctx.groups, ctx.scaling = groups, scaling
        return result.transpose(1, 2).reshape(batch, tokens, heads * size)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        query, key, value, weights, kept, *rotation = ctx.saved_tensors
        batch, heads, tokens, _ = weights.shape
        groups, size = ctx.groups, query.shape[-1]
        of_result = gradient.reshape(batch, tokens, heads, size).transpose(1, 2).reshape(batch * groups, -1, size)
        used = (weights if kept is None else weights * kept).view(batch * groups, -1, tokens)
        of_value = torch.bmm(used.transpose(1, 2), of_result)
        of_weights = torch.bmm(of_result, value.transpose(1, 2)).view_as(weights)
        if kept is not None:
            of_weights.mul_(kept)
        in_fp32 = weights.to(torch.float32)
        of_scores = torch._softmax_backward_data(of_weights.to(torch.float32), in_fp32, -1, torch.float32)
        of_scores = of_scores.mul_(ctx.scaling).to(weights.dtype).view(batch * groups, -1, tokens)
        of_query = torch.bmm(of_scores, key).view(batch, heads, tokens, size)
        of_key = torch.bmm(of_scores.transpose(1, 2), query).view(batch, groups, tokens, size)
        result = gradient.new_empty(batch, tokens, heads + 2 * groups, size)
        for part, own in ((slice(heads), of_query), (slice(heads, heads + groups), of_key)):
            result[:, :, part] = (_rotate_back(own, *rotation) if rotation else own).transpose(1, 2)
        result[:, :, heads + groups :] = of_value.view(batch, groups, tokens, size).transpose(1, 2)
        return result.view(batch, tokens, -1), None, None, None, None, None, None


class Dropout(torch.autograd.Function):
    """x -> x with each value dropped with this probability, and the others scaled up (Srivastava et al. 2014)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, probability: float) -> Tensor:
        kept = draw_kept(x, probability)
        ctx.save_for_backward(kept)
        return x * kept

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        (kept,) = ctx.saved_tensors
        return gradient * kept, None


def draw_kept(like: Tensor, probability: float) -> Tensor:
    """0 for a value that is dropped and 1 / (1 - probability) for others, in the shape and type of `like`.

    On a CPU, torch draws one value after the other, which took a fifth of the training time of MiniLM. So torch draws
    only a seed, and NumPy's SFC64 four values at a time; what is drawn follows from torch's state alone.
    """
    seed = int(torch.randint(2**63 - 1, ()))
    words = np.random.SFC64(seed).random_raw(-(-like.numel() // 4))
    bits = torch.from_numpy(words.view(np.int16))[: like.numel()].view(like.shape)
    kept = bits >= round(probability * SCALE_OF_BITS) - SCALE_OF_BITS // 2
    return kept.to(like.dtype).div_(1 - probability)


def _rotate(x: Tensor, cosines: Tensor, sines: Tensor) -> Tensor:
    """(batch, heads, tokens, size) -> the same, turned by the angle of each token's position."""
    cosines, sines = cosines.unsqueeze(1), sines.unsqueeze(1)
    half = x.shape[-1] // 2
    result = torch.mul(x, cosines, out=torch.empty(x.shape, dtype=x.dtype, device=x.device))
    result[..., :half].addcmul_(x[..., half:], sines[..., :half], value=-1)
    result[..., half:].addcmul_(x[..., :half], sines[..., half:])
    return result


def _rotate_back(gradient: Tensor, cosines: Tensor, sines: Tensor) -> Tensor:
    """The gradient of `_rotate`."""
    cosines, sines = cosines.unsqueeze(1), sines.unsqueeze(1)
    half = gradient.shape[-1] // 2
    result = gradient * cosines
    result[..., :half].addcmul_(gradient[..., half:], sines[..., half:])
    result[..., half:].addcmul_(gradient[..., :half], sines[..., :half], value=-1)
    return result
