"""Frozen linear layers and their adapters in few matrix products, with the results that PEFT's own layers give.

Layers that read the same input, such as the projections to queries, keys and values, become one product with their
joined weights; so do their adapters. The sum is that of LoRA (Hu et al. 2021), y = x W' + b + s (x A') B', and its
gradients are written out, since the frozen weights need none: dx = dy W + s (dy B) A, dA = s (dy B)' x and
dB = s dy' (x A'). IA3's vectors (Liu et al. 2022) are multiplied in fp32 and rounded once.

A base in 4 or 8 bits stays so: at any time, at most one group of layers has its weights dequantised. Layers of other
kinds, and LoRA's dropout while it is active, are left to PEFT.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from bitsandbytes.nn import Linear4bit, Linear8bitLt
from peft.tuners.adalora import AdaLoraLayer
from peft.tuners.ia3 import IA3Layer
from peft.tuners.lora import LoraLayer
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from emocore.models.fused.weights import Int8Weights, JoinedWeights, NF4Weights, Weights

ADAPTER = "default"  # PEFT's name of the only adapter
Place = tuple[slice, slice]
"""Columns of the joined output, and of the joined hidden values, that belong to a layer."""


def join_layers(layers: Sequence[nn.Module], make_weights: Callable[[Sequence[Any]], Weights]) -> "Group | None":
    """Let layers that read the same input compute together, whenever one of them is called. Names of parameters, and
    values of trained ones, stay as they are. None, and nothing is changed, if a layer is of another kind."""
    if not all(map(_can_join, layers)):
        return None
    linears: list[Any] = [_base_of(layer) for layer in layers]
    if len({(type(linear), linear.in_features, linear.bias is None) for linear in linears}) > 1:
        return None
    if isinstance(linears[0], Linear4bit):
        make_weights = NF4Weights
    elif isinstance(linears[0], Linear8bitLt):
        make_weights = Int8Weights
    elif any(map(_has_dropout, layers)):  # PEFT computes with the layers' own weights while it is active
        make_weights = JoinedWeights
    group = Group(layers, make_weights(linears))
    for place, layer in enumerate(layers):
        layer.forward = _Member(group, place, layer)
    return group


def _is_adapted(layer: nn.Module) -> bool:
    return isinstance(layer, LoraLayer | IA3Layer)


def _can_join(layer: nn.Module) -> bool:
    """Whether a layer is linear and frozen, and its adapter plain LoRA or IA3."""
    linear = _base_of(layer)
    if type(linear) not in (nn.Linear, Linear4bit, Linear8bitLt) or any(p.requires_grad for p in linear.parameters()):
        return False
    if isinstance(layer, AdaLoraLayer):  # a LoraLayer with other matrices
        return False
    if isinstance(layer, LoraLayer):
        return not layer.lora_variant and not layer.lora_bias[ADAPTER] and ADAPTER in layer.lora_A
    return True


def _has_dropout(layer: nn.Module) -> bool:
    return isinstance(layer, LoraLayer) and isinstance(layer.lora_dropout[ADAPTER], nn.Dropout)


def _base_of(layer: nn.Module) -> nn.Module:
    return layer.base_layer if _is_adapted(layer) else layer  # type: ignore[return-value]


class _Member:
    """The forward pass of one layer of a group."""

    def __init__(self, group: "Group", place: int, layer: nn.Module) -> None:
        self._group, self._place, self._peft_forward = group, place, layer.forward

    def __call__(self, x: Tensor) -> Tensor:
        if self._group.drops_inputs:
            return self._peft_forward(x)
        return self._group.output(self._place, x)


class Group:
    """Linear layers with the same input."""

    def __init__(self, layers: Sequence[nn.Module], weights: Weights) -> None:
        self._layers = list(layers)
        self.weights = weights
        linears: list[Any] = [_base_of(layer) for layer in layers]
        self._outputs_of_each = [linear.out_features for linear in linears]
        biases = [linear.bias for linear in linears]
        self.bias = None if biases[0] is None else torch.cat([bias.detach() for bias in biases])
        self.places, self.scalings = _place_loras(layers, self._outputs_of_each)
        self.ranks = [columns.stop - columns.start for _, columns in self.places]
        self._rescales_input = isinstance(layers[0], IA3Layer) and layers[0].is_feedforward
        device = linears[0].weight.device
        self._ones = [torch.ones(count, device=device) for count in self._outputs_of_each]  # for layers without IA3
        self._kept_factors: tuple[list[int], tuple[Tensor, Tensor]] | None = None
        self._input: Tensor | None = None
        self._outputs: dict[int, Tensor] = {}

    @property
    def drops_inputs(self) -> bool:
        """Whether LoRA's dropout is active, which draws for each layer anew."""
        dropouts: list[Any] = [layer for layer in self._layers if _has_dropout(layer)]
        return any(layer.lora_dropout[ADAPTER].training for layer in dropouts)

    def output(self, place: int, x: Tensor) -> Tensor:
        """The output of the layer at this place, with its adapter. The first that is asked for computes all."""
        if len(self._layers) == 1:  # not a part of something else, so that a model may change it in place
            return self.joined_output(x)
        if self._input is not x or place not in self._outputs:
            self._input = x
            self._outputs = dict(enumerate(self.joined_output(x).split(self._outputs_of_each, dim=-1)))
        output = self._outputs.pop(place)
        if not self._outputs:
            self._input = None  # or the group would keep it in memory
        return output

    def joined_output(self, x: Tensor) -> Tensor:
        """The outputs of all layers, side by side in the last dimension."""
        adapters = [layer for layer in self._layers if isinstance(layer, LoraLayer)]
        factors = [layer.lora_A[ADAPTER].weight for layer in adapters]
        factors += [layer.lora_B[ADAPTER].weight for layer in adapters]
        vectors = [layer.ia3_l[ADAPTER].flatten() if isinstance(layer, IA3Layer) else None for layer in self._layers]
        shape = (*x.shape[:-1], -1)
        if self._rescales_input:
            return _Product.apply(_Rescale.apply(x, vectors[0]), self, *factors).view(shape)
        output = _Product.apply(x, self, *factors).view(shape)
        if any(vector is not None for vector in vectors):
            whole = [own if vector is None else vector for own, vector in zip(self._ones, vectors, strict=True)]
            output = _Rescale.apply(output, torch.cat(whole))
        return output

    def join_factors(self, factors: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """LoRA's A one below the other, and its scaled B along a diagonal, in the type of the weights.

        Those of an adapter that only answers are kept. Those that are trained are not, since a step of the optimizer
        may leave no sign that they have changed.
        """
        if not torch.is_inference_mode_enabled() or any(factor.requires_grad for factor in factors):
            return self._compute_factors(factors)
        versions = [factor._version for factor in factors]
        if self._kept_factors is None or self._kept_factors[0] != versions:
            self._kept_factors = versions, self._compute_factors(factors)
        return self._kept_factors[1]

    def _compute_factors(self, factors: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        half, dtype = len(factors) // 2, self.weights.dtype
        scaled = torch._foreach_mul(list(factors[half:]), self.scalings)
        if len(scaled) == len(self._layers) == 1:
            return factors[0].to(dtype), scaled[0].to(dtype)
        up = factors[0].new_zeros(sum(self._outputs_of_each), sum(self.ranks), dtype=dtype)
        torch._foreach_copy_([up[place] for place in self.places], scaled)
        return torch.cat(list(factors[:half])).to(dtype), up


def _place_loras(layers: Sequence[nn.Module], outputs: Sequence[int]) -> tuple[list[Place], list[float]]:
    """Of each layer with LoRA, its place and its scaling."""
    places, scalings, start, rank = [], [], 0, 0
    for layer, count in zip(layers, outputs, strict=True):
        if isinstance(layer, LoraLayer):
            own = layer.r[ADAPTER]
            places.append((slice(start, start + count), slice(rank, rank + own)))
            scalings.append(layer.scaling[ADAPTER])
            rank += own
        start += count
    return places, scalings


class _Product(torch.autograd.Function):
    """x -> x W' + b + s (x A') B' for a group, as (tokens, outputs). `factors` are the A of all its LoRA adapters, then
    their B."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, group: Group, *factors: Tensor) -> Tensor:
        dtype = group.weights.dtype
        flat = x.reshape(-1, x.shape[-1]).to(dtype)
        result = group.weights.multiply(flat, None if group.bias is None else group.bias.to(dtype))
        ctx.group, ctx.shape, ctx.dtype = group, x.shape, x.dtype
        if factors:
            down, up = group.join_factors(factors)
            hidden = flat @ down.T
            result.addmm_(hidden, up.T)
            ctx.save_for_backward(flat, hidden, down, up)
        return result

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        group = ctx.group
        flat_gradient = gradient.reshape(-1, gradient.shape[-1])
        of_x = group.weights.multiply_back(flat_gradient) if ctx.needs_input_grad[0] else None
        of_factors: list[Tensor] = []
        if saved := ctx.saved_tensors:
            flat, hidden, down, up = saved
            of_hidden = flat_gradient @ up
            if of_x is not None:
                of_x.addmm_(of_hidden, down)
            of_factors += (of_hidden.T @ flat).float().split(group.ranks)
            for (rows, columns), scaling in zip(group.places, group.scalings, strict=True):
                # Of the two ways to multiply, this one is twice as fast on a CPU.
                of_factors.append((hidden[:, columns].T @ flat_gradient[:, rows]).float().mul_(scaling).T)
        return None if of_x is None else of_x.view(ctx.shape).to(ctx.dtype), None, *of_factors


class _Rescale(torch.autograd.Function):
    """x -> x times a vector of fp32, rounded once to the type of x."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, vector: Tensor) -> Tensor:
        ctx.save_for_backward(x, vector)
        return x.to(torch.float32).mul(vector).to(x.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor]:
        x, vector = ctx.saved_tensors
        in_fp32 = gradient.to(torch.float32)
        of_vector = (x.to(torch.float32) * in_fp32).reshape(-1, len(vector)).sum(dim=0)
        return (in_fp32 * vector).to(gradient.dtype), of_vector
