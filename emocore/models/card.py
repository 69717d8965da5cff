"""The model card of an adapter: what it is and how to use it without Emocore."""

import json
from collections.abc import Mapping
from pathlib import Path

from emocore.models.adapter import AdapterInfo
from emocore.models.bases import Base
from emocore.models.families import Pooling
from emocore.models.methods.catalogue import find_method
from emocore.system.files import write_atomically

POOLED: Mapping[Pooling, str] = {  # (texts, 1, hidden)
    "cls": "states[:, :1]",
    "mean": "(states * mask).sum(1, keepdim=True) / mask.sum(1, keepdim=True)",
    "last": "states[torch.arange(len(states)), mask.sum(1)[:, 0] - 1].unsqueeze(1)",
}


def write_card(folder: Path, info: AdapterInfo, base: Base | None, source: str = "") -> None:
    """Write `README.md` in the adapter folder. `base` is None for a method without a base; `source` is where
    Transformers finds it: a Hub id or, for a bundled base, a folder of this machine."""
    if base is None:
        usage = "`tfidf.json` holds the vocabularies, `tfidf.safetensors` the inverse document frequencies and weights."
    elif find_method(info.method).trains_base:
        usage = _model_usage(info, base)
    else:
        usage = _adapter_usage(info, base, source)
    base_line = f"\nbase_model: {_quote(base.name)}" if base else ""
    library = "transformers" if base and find_method(info.method).trains_base else "peft" if base else "scikit-learn"
    card = f"""---
library_name: {library}{base_line}
tags: [emotion-detection, multi-label]
---
# {find_method(info.method).title}{f" on {info.base}" if base else ""}

Multi-label emotion classifier, trained by run `{info.run_id}`.
Emotions, in the order of the outputs: {", ".join(info.labels)}.
An emotion counts as present when its probability is at least its threshold in `emocore.json`.

{usage}
"""
    write_atomically(folder / "README.md", card)


def _quote(text: str) -> str:
    """A JSON string, which YAML and Python read as well: the path of a folder may contain ": ", " #" or quotes."""
    return json.dumps(text, ensure_ascii=False)


def _model_usage(info: AdapterInfo, base: Base) -> str:
    return f"""```python
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("adapter")
model = AutoModelForSequenceClassification.from_pretrained("adapter", dtype=torch.float32).eval()
{_pooling_lines(base, "model")}{_answer(info)}
```"""


def _answer(info: AdapterInfo) -> str:
    limit = f"truncation=True, max_length={info.max_length}"
    return f"""inputs = tokenizer(["so happy today"], return_tensors="pt", {limit})
logits = model(**inputs).logits
print(torch.sigmoid(logits))"""


def _pooling_lines(base: Base, model: str) -> str:
    """Lines that let the stock class find the pooled state, whichever token it reads, if it is to; `model` is the name
    of the model of Transformers."""
    if not base.pools_otherwise:
        return ""
    return f"""
def pool(module, inputs, named, output):
    states, mask = output.last_hidden_state, named["attention_mask"].unsqueeze(-1)
    pooled = {POOLED[base.pooling]}
    output["last_hidden_state"] = pooled.expand_as(states)
    if hasattr(output, "pooler_output"):
        output["pooler_output"] = pooled[:, 0]
    return output

{model}.base_model.register_forward_hook(pool, with_kwargs=True)
"""


def _adapter_usage(info: AdapterInfo, base: Base, source: str) -> str:
    dtype = "torch.bfloat16" if info.precision == "bf16" else "torch.float32"
    quantization = care = ""
    kept = f"llm_int8_skip_modules={json.dumps(base.family.full_layers)}"
    if info.quantized == "int8":
        quantization = f""",
    quantization_config=BitsAndBytesConfig(
        load_in_8bit=True, llm_int8_threshold=0.0, {kept})"""
    elif info.quantized == "nf4":
        care = """
for module in base.modules():  # otherwise a CPU with AVX512-BF16 always rounds to bf16
    if hasattr(module, "support_avx512bf16_for_cpu"):
        module.support_avx512bf16_for_cpu = False"""
        quantization = f""",
    quantization_config=BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype={dtype}, {kept})"""
    imports = "AutoModelForSequenceClassification, AutoTokenizer"
    return f"""```python
import torch
from peft import PeftModel
from transformers import {imports}{", BitsAndBytesConfig" if info.quantized else ""}

tokenizer = AutoTokenizer.from_pretrained("adapter")
base = AutoModelForSequenceClassification.from_pretrained(
    {_quote(source)}, num_labels={len(info.labels)}, dtype={dtype}, ignore_mismatched_sizes=True{quantization})
base.config.pad_token_id = tokenizer.pad_token_id{care}
{_pooling_lines(base, "base")}model = PeftModel.from_pretrained(base, "adapter").eval()
{_answer(info)}
```"""
