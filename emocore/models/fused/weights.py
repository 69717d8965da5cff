"""The weights of frozen linear layers that read the same input, as one matrix that is ready for products.

On a CPU, oneDNN lays a matrix out anew at each product. It is spared that by packed copies, one for each of the two
passes: in bf16 they give the same bits, in fp32 the same up to the order of sums. On the bundled `smollm2-135m`, that
saves an eighth of the time of a training in fp32, and more when short texts are answered. A training in bf16 would gain
3 % for a tenth more memory, so it keeps the plain weights.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import torch
from bitsandbytes.functional import dequantize_4bit
from torch import Tensor, nn
from torch.utils.weak import WeakTensorKeyDictionary

from emocore.models.memory import PACKED_BYTES_LIMIT

HIGHEST_INT8 = 127


class Weights(Protocol):
    """(outputs, inputs) of all layers, one below the other."""

    dtype: torch.dtype

    def multiply(self, x: Tensor, bias: Tensor | None) -> Tensor:
        """x W' + b, (tokens, outputs)."""
        ...

    def multiply_back(self, gradient: Tensor) -> Tensor:
        """The gradient of x, (tokens, inputs)."""
        ...


class JoinedWeights:
    """Plain weights in one block of memory, which stay those of their layers."""

    def __init__(self, linears: Sequence[Any]) -> None:
        self._weight = _join([linear.weight for linear in linears])
        self.dtype = self._weight.dtype

    def multiply(self, x: Tensor, bias: Tensor | None) -> Tensor:
        return nn.functional.linear(x, self._weight, bias)

    def multiply_back(self, gradient: Tensor) -> Tensor:
        return gradient @ self._weight


class PackedWeights:
    """Weights as oneDNN packs them for the forward pass, and from the first gradient on for the backward pass, too."""

    def __init__(self, linears: Sequence[Any]) -> None:
        weights = [linear.weight.detach() for linear in linears]
        self.dtype = weights[0].dtype
        self._forward = _pack(torch.cat(weights) if len(weights) > 1 else weights[0])
        self._backward: Tensor | None = None

    def multiply(self, x: Tensor, bias: Tensor | None) -> Tensor:
        return _multiply(x, self._forward, bias)

    def multiply_back(self, gradient: Tensor) -> Tensor:
        if self._backward is None:
            self._backward = _pack(self._forward.to_dense().T.contiguous())
        return _multiply(gradient, self._backward, None)


class NF4Weights:
    """Weights in 4 bits, which are dequantised for each product."""

    def __init__(self, linears: Sequence[Any]) -> None:
        self._linears = linears
        self.dtype: torch.dtype = linears[0].weight.quant_state.dtype

    def multiply(self, x: Tensor, bias: Tensor | None) -> Tensor:
        return nn.functional.linear(x, self._dequantize(), bias)

    def multiply_back(self, gradient: Tensor) -> Tensor:
        return gradient @ self._dequantize()

    def _dequantize(self) -> Tensor:
        parts = [dequantize_4bit(linear.weight.data, linear.weight.quant_state) for linear in self._linears]
        return torch.cat(parts) if len(parts) > 1 else parts[0]


class Int8Weights:
    """Weights in 8 bits, and inputs that are rounded to 8 bits for each product, as in LLM.int8() (Dettmers et al.
    2022, arXiv:2208.07339), with the gradient of the unrounded product.

    Each token is rounded by itself. The columns that LLM.int8() leaves in 16 bits are those with a large input anywhere
    in a batch, so a text's answer would depend on the others; here there are none, as with a threshold of 0.
    """

    def __init__(self, linears: Sequence[Any]) -> None:
        for linear in linears:
            if linear.state.CB is None:
                linear.init_8bit_state()  # otherwise done by the first product
        self._linears = linears
        self.dtype: torch.dtype = linears[0].compute_dtype

    def multiply(self, x: Tensor, bias: Tensor | None) -> Tensor:
        half = x.to(torch.float16)
        largest = half.abs().amax(dim=1, keepdim=True).float()
        whole = torch.round(half * (HIGHEST_INT8 / largest.clamp(min=torch.finfo(torch.float16).tiny)))
        sums = whole.to(self.dtype) @ self._whole().T  # exact but for the rounding of the result
        scales = torch.cat([linear.state.SCB for linear in self._linears])
        result = sums.float().mul_(largest).mul_(scales / HIGHEST_INT8**2)
        return (result if bias is None else result.add_(bias)).to(self.dtype)

    def multiply_back(self, gradient: Tensor) -> Tensor:
        scales = torch.cat([linear.state.SCB for linear in self._linears])
        return gradient @ self._whole().mul_((scales / HIGHEST_INT8).to(self.dtype).unsqueeze(1))

    def _whole(self) -> Tensor:
        """The whole numbers, of which each row has a scale."""
        return torch.cat([linear.state.CB for linear in self._linears]).to(self.dtype)


def choose_weights(model: nn.Module, shares_base: bool) -> Callable[[Sequence[Any]], Weights]:
    """How to make the weights of linear layers of a model that are not in 4 bits. `shares_base` says whether other
    models have the same layers' weights, too."""
    linears = [module for module in model.modules() if type(module) is nn.Linear]
    weights = [linear.weight for linear in linears if not linear.weight.requires_grad]
    if not _can_pack(weights):
        return JoinedWeights
    if shares_base:
        return _share_packed
    is_bf16 = any(weight.dtype == torch.bfloat16 for weight in weights)
    return JoinedWeights if is_bf16 else _give_up_for_packed


def _can_pack(weights: Sequence[Tensor]) -> bool:
    """Whether this machine computes with such weights when they are packed, and the copies are small enough."""
    types = {weight.dtype for weight in weights}
    return (
        torch.backends.mkldnn.is_available()
        and torch.backends.cpu.get_cpu_capability().startswith("AVX")  # oneDNN on other processors was not tried
        and all(weight.device.type == "cpu" for weight in weights)
        and types <= {torch.float32, torch.bfloat16}
        and (torch.bfloat16 not in types or torch.ops.mkldnn._is_mkldnn_bf16_supported())
        and sum(weight.numel() * weight.element_size() for weight in weights) <= PACKED_BYTES_LIMIT
    )


def _share_packed(linears: Sequence[Any]) -> PackedWeights:
    """Packed copies, which all models on the same base share. The base keeps its own weights."""
    kept = _PACKED.setdefault(linears[0].weight, {})
    if len(linears) not in kept:
        kept[len(linears)] = PackedWeights(linears)
    found: PackedWeights = kept[len(linears)]
    return found


def _give_up_for_packed(linears: Sequence[Any]) -> PackedWeights:
    """Packed copies instead of the layers' own weights, which become NaN without memory: their use would show."""
    packed = PackedWeights(linears)
    for linear in linears:
        linear.weight.data = torch.full((), torch.nan, dtype=packed.dtype).expand(linear.weight.shape)
    return packed


_PACKED = WeakTensorKeyDictionary()
"""The first layer's weight -> number of layers -> their packed weights."""


def _pack(weight: Tensor) -> Tensor:
    packed: Tensor = torch.ops.mkldnn._reorder_linear_weight(weight, None)
    return packed


def _multiply(x: Tensor, packed: Tensor, bias: Tensor | None) -> Tensor:
    result: Tensor = torch.ops.mkldnn._linear_pointwise(x.contiguous(), packed, bias, "none", [], "")
    return result


def _join(weights: Sequence[Tensor]) -> Tensor:
    """Weights in one block of memory, one after the other, where they are laid unless they lie there already."""
    storage, offset = weights[0].untyped_storage().data_ptr(), weights[0].storage_offset()
    places = []
    for weight in weights:
        places.append((storage, offset, True))
        offset += weight.numel()
    if places != [(w.untyped_storage().data_ptr(), w.storage_offset(), w.is_contiguous()) for w in weights]:
        joined = torch.cat([weight.detach() for weight in weights])
        for weight, part in zip(weights, joined.split([len(weight) for weight in weights]), strict=True):
            weight.data = part
    first, columns = weights[0].detach(), weights[0].shape[1]
    return first.as_strided((sum(map(len, weights)), columns), (columns, 1))
