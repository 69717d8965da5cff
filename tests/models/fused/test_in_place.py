"""Some models, such as Longformer, change the output of a layer in place."""

import torch
from peft import LoraConfig, get_peft_model
from torch import nn

from emocore.models.families import Family
from emocore.models.fused.model import fuse


def test_the_output_of_a_layer_may_be_changed_in_place() -> None:
    torch.manual_seed(1)
    model = get_peft_model(nn.Sequential(nn.Linear(8, 4)), LoraConfig(target_modules=["0"], init_lora_weights=False))
    fuse(model, Family())
    x = torch.randn(2, 3, 8)
    output = model(x)
    output /= 2
    output.sum().backward()
    halved = {name: weight.grad.clone() for name, weight in model.named_parameters() if weight.requires_grad}
    model.zero_grad()
    model(x).sum().backward()
    for name, weight in model.named_parameters():
        if weight.requires_grad:
            torch.testing.assert_close(2 * halved[name], weight.grad)
