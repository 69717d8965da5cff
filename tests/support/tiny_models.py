"""Random-weight models of the real classes at toy width, saved as a user would have them on disk.

Each has a byte-level BPE tokenizer trained on the starter messages. All widths are multiples of 32, which
bitsandbytes needs for 4 bits on some CPUs; all matrices hold a multiple of 64 numbers, the block of NF4.
Weights are drawn with a wider spread than usual, so that answers of different adapters differ visibly.
"""

import json
from pathlib import Path

import pandas as pd
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import (
    BertConfig,
    BertModel,
    GemmaConfig,
    GemmaForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen2ForCausalLM,
)

from emocore.data.source import STARTER_FILE

VOCABULARY = 600
HIDDEN = 64
COMMON = {"vocab_size": VOCABULARY, "hidden_size": HIDDEN, "num_hidden_layers": 2, "initializer_range": 0.1}


def save_tiny_bert(folder: Path, mean_pooling: bool = True) -> Path:
    """A BERT encoder; with mean pooling declared as sentence-transformers do."""
    tokenizer = _train_tokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    start, end = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", start), ("[SEP]", end)]
    )
    config = BertConfig(
        **COMMON,
        num_attention_heads=4,
        intermediate_size=2 * HIDDEN,
        max_position_embeddings=128,
        pad_token_id=tokenizer.token_to_id("[PAD]"),
    )
    names = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    _save(BertModel, config, tokenizer, folder, **names)
    if mean_pooling:
        (folder / "1_Pooling").mkdir()
        (folder / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode_mean_tokens": True}))
    return folder


def save_tiny_llama(folder: Path) -> Path:
    """A Llama decoder whose tokenizer has no padding token, as is common."""
    tokenizer = _train_tokenizer(["<s>", "</s>"])
    config = LlamaConfig(
        **COMMON,
        num_attention_heads=4,
        num_key_value_heads=2,
        intermediate_size=2 * HIDDEN,
        max_position_embeddings=256,
        bos_token_id=0,
        eos_token_id=1,
    )
    return _save(LlamaForCausalLM, config, tokenizer, folder, bos_token="<s>", eos_token="</s>")


def save_tiny_gemma(folder: Path) -> Path:
    """gemma-1.1-2b-it at toy width: one KV head, tied embeddings, the tanh GELU, pad, eos and bos first."""
    tokenizer = _train_tokenizer(["<pad>", "<eos>", "<bos>"])
    tokenizer.post_processor = processors.TemplateProcessing(single="<bos> $A", special_tokens=[("<bos>", 2)])
    config = GemmaConfig(
        **COMMON,
        num_attention_heads=8,
        num_key_value_heads=1,
        head_dim=32,
        intermediate_size=8 * HIDDEN,
        hidden_act="gelu_pytorch_tanh",
        hidden_activation="gelu_pytorch_tanh",
        max_position_embeddings=8192,
        rms_norm_eps=1e-6,
        rope_parameters={"rope_type": "default", "rope_theta": 10_000.0},
        pad_token_id=0,
        eos_token_id=1,
        bos_token_id=2,
        tie_word_embeddings=True,
    )
    names = {"pad_token": "<pad>", "eos_token": "<eos>", "bos_token": "<bos>"}
    return _save(GemmaForCausalLM, config, tokenizer, folder, **names)


def save_tiny_qwen2(folder: Path) -> Path:
    """gte-Qwen1.5-7B-instruct at toy width: as many KV heads as heads, biases on Q, K and V, eos also for padding."""
    tokenizer = _train_tokenizer(["<|endoftext|>"])
    config = Qwen2Config(
        **COMMON,
        num_attention_heads=4,
        num_key_value_heads=4,
        intermediate_size=3 * HIDDEN,
        hidden_act="silu",
        max_position_embeddings=32768,
        rms_norm_eps=1e-6,
        rope_parameters={"rope_type": "default", "rope_theta": 1_000_000.0},
        pad_token_id=0,
        eos_token_id=0,
        bos_token_id=0,
        tie_word_embeddings=False,
    )
    names = {"pad_token": "<|endoftext|>", "eos_token": "<|endoftext|>"}
    return _save(Qwen2ForCausalLM, config, tokenizer, folder, **names)


def _train_tokenizer(special_tokens: list[str]) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=special_tokens,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(pd.read_csv(STARTER_FILE)["Tweet"].tolist(), trainer)
    return tokenizer


def _save(
    model_class: type[PreTrainedModel],
    config: PreTrainedConfig,
    tokenizer: Tokenizer,
    folder: Path,
    **special_tokens: str,
) -> Path:
    torch.manual_seed(20)
    model_class(config).save_pretrained(folder)
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special_tokens).save_pretrained(folder)
    return folder
