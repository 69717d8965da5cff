"""Packed weights give the products of the plain ones, and what is given up for them is not used unnoticed."""

from collections.abc import Iterator

import pytest
import torch
from bitsandbytes.nn import Linear8bitLt
from torch import nn

from emocore.models.fused import weights
from emocore.models.fused.weights import Int8Weights, JoinedWeights, PackedWeights, choose_weights

X = torch.randn(7, 24, generator=torch.Generator().manual_seed(3))


def make_linears(dtype: torch.dtype = torch.float32) -> nn.ModuleList:
    torch.manual_seed(5)
    linears = nn.ModuleList([nn.Linear(24, outputs, bias=False) for outputs in (16, 8, 40)])
    return linears.to(dtype).requires_grad_(False)


@pytest.fixture(params=[torch.float32, torch.bfloat16], ids=["fp32", "bf16"])
def dtype(request: pytest.FixtureRequest) -> torch.dtype:
    if request.param == torch.bfloat16 and not torch.ops.mkldnn._is_mkldnn_bf16_supported():
        pytest.skip("this machine has no products in bf16")
    found: torch.dtype = request.param
    return found


def test_packed_and_joined_weights_give_the_products_of_each_layer(dtype: torch.dtype) -> None:
    linears, x = make_linears(dtype), X.to(dtype)
    bias = torch.randn(64).to(dtype)
    expected = torch.cat([linear(x) for linear in linears], dim=-1)
    joined = torch.cat([linear.weight for linear in linears])
    with_bias = (x.float() @ joined.float().T + bias.float()).to(dtype)  # rounded once
    back = expected @ joined
    for kind in (PackedWeights, JoinedWeights):
        made = kind(make_linears(dtype))
        torch.testing.assert_close(made.multiply(x, None), expected)
        torch.testing.assert_close(made.multiply(x, bias), with_bias)
        torch.testing.assert_close(made.multiply_back(expected), back)
        assert made.dtype == dtype


def test_a_text_alone_has_the_product_that_it_has_among_others(dtype: torch.dtype) -> None:
    packed, x = PackedWeights(make_linears(dtype)), X.to(dtype)
    together = packed.multiply(x, None)
    for count in (1, 2, 5):
        torch.testing.assert_close(packed.multiply(x[:count], None), together[:count], atol=1e-6, rtol=1e-6)


def make_int8(dtype: torch.dtype = torch.float32) -> list[Linear8bitLt]:
    found = []
    for linear in make_linears():
        quantized = Linear8bitLt(24, linear.out_features, bias=False, has_fp16_weights=False, threshold=0.0)
        quantized.load_state_dict(linear.state_dict())
        quantized.compute_dtype = dtype
        found.append(quantized.to("cpu").eval())
    return found


def test_weights_in_8_bits_give_the_products_of_their_layers(dtype: torch.dtype) -> None:
    linears, x = make_int8(dtype), torch.cat([X, torch.zeros(1, 24)])
    made = Int8Weights(linears)
    expected = torch.cat([linear(x[:-1]) for linear in linears], dim=-1).to(dtype)
    found = made.multiply(x.to(dtype), None)
    if dtype == torch.float32:
        torch.testing.assert_close(found[:-1], expected, atol=1e-5, rtol=5e-5)  # bitsandbytes rounds 1 / 127**2
    torch.testing.assert_close(found[:-1], expected, atol=0.03, rtol=0.02)  # bf16 rounds inputs that are rounded again
    assert not found[-1].any(), "an input of zeros has no scale"
    bias = torch.randn(64)
    torch.testing.assert_close(made.multiply(x, bias)[-1], bias.to(dtype))


def test_a_token_is_rounded_to_8_bits_by_itself() -> None:
    made = Int8Weights(make_int8())
    company = torch.cat([X[:1], 1000 * X[1:]])
    assert torch.equal(made.multiply(company, None)[0], made.multiply(X[:1], None)[0])


def test_the_gradient_in_8_bits_is_that_of_the_dequantised_weights() -> None:
    linears = make_int8()
    made = Int8Weights(linears)
    weights = torch.cat([linear.state.CB * linear.state.SCB[:, None] / 127 for linear in linears])
    gradient = torch.randn(5, 64)
    torch.testing.assert_close(made.multiply_back(gradient), gradient @ weights)
    torch.testing.assert_close(weights, torch.cat([linear.weight for linear in make_linears()]), atol=2e-3, rtol=0)


def test_weights_that_are_given_up_take_no_memory_and_spoil_what_uses_them() -> None:
    linears = make_linears()
    choose_weights(linears, shares_base=False)(linears)
    for linear in linears:
        assert linear.weight.untyped_storage().nbytes() == 4
        assert linear(X).isnan().all()


def test_models_on_one_base_share_its_packed_weights_and_the_base_keeps_its_own() -> None:
    linears = make_linears()
    expected = linears[0](X)
    first = choose_weights(linears, shares_base=True)(linears)
    assert choose_weights(linears, shares_base=True)(list(linears)) is first
    alone = choose_weights(linears, shares_base=True)(linears[:1])
    torch.testing.assert_close(alone.multiply(X, None), expected, atol=1e-5, rtol=1e-5)
    assert torch.equal(linears[0](X), expected)


@pytest.fixture
def small_limit(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(weights, "PACKED_BYTES_LIMIT", 1000)
    yield


@pytest.mark.usefixtures("small_limit")
def test_a_large_base_keeps_only_its_own_weights() -> None:
    linears = make_linears()
    for shares_base in (False, True):
        assert choose_weights(linears, shares_base) is JoinedWeights


def test_trainings_in_bf16_keep_the_own_weights() -> None:
    """Packed ones would save 3 % of the time, and take a tenth more memory."""
    assert choose_weights(make_linears(torch.bfloat16), shares_base=False) is JoinedWeights


def test_joined_weights_stay_those_of_their_layers() -> None:
    linears = make_linears()
    joined = JoinedWeights(linears)
    linears[1].weight.data.zero_()
    assert torch.equal(joined.multiply(X, None)[:, 16:24], torch.zeros(7, 8))
    again = JoinedWeights(linears)
    assert again._weight.data_ptr() == joined._weight.data_ptr()
