"""A tiny model of each of many types, with random weights, saved as such models are published: as the language model
that was pretrained, so without a classifier and, where that has none, without a pooler."""

import zlib
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForMaskedLM,
    AutoModelForSeq2SeqLM,
    PreTrainedTokenizerFast,
)

WORDS = ["so", "happy", "sad", "I", "am", "not", "today", "what", "a", "day", "rain", "again", "and", "love", "it", "!"]
SPECIAL = ["<pad>", "<unk>", "<s>", "</s>"]
WIDTH = 32
USUAL: dict[str, Any] = {
    "hidden_size": WIDTH, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64,
    "max_position_embeddings": 64,
}  # fmt: skip
GROUPED = {**USUAL, "num_key_value_heads": 1, "head_dim": 16}
GPT = {"n_embd": WIDTH, "n_layer": 2, "n_head": 2, "n_positions": 64}
SEQ2SEQ = {
    "d_model": WIDTH, "encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 2,
    "decoder_attention_heads": 2, "encoder_ffn_dim": 64, "decoder_ffn_dim": 64, "max_position_embeddings": 64,
}  # fmt: skip
ENCODERS: dict[str, dict[str, Any]] = {
    "bert": USUAL,
    "roberta": USUAL,
    "xlm-roberta": USUAL,
    "distilbert": {"dim": WIDTH, "n_layers": 2, "n_heads": 2, "hidden_dim": 64, "max_position_embeddings": 64},
    "electra": {**USUAL, "embedding_size": 16},
    "albert": {**USUAL, "embedding_size": 16},
    "mpnet": USUAL,
    "deberta-v2": {
        **USUAL, "relative_attention": True, "position_buckets": 16, "norm_rel_ebd": "layer_norm",
        "share_att_key": True, "pos_att_type": ["p2c", "c2p"], "position_biased_input": False, "type_vocab_size": 0,
    },
    "modernbert": {**USUAL, "global_attn_every_n_layers": 2, "local_attention": 16},
}  # fmt: skip
DECODERS: dict[str, dict[str, Any]] = {
    "gemma": GROUPED,
    "gemma2": {**GROUPED, "sliding_window": 16},
    "gemma3_text": {**GROUPED, "sliding_window": 16},
    "qwen2": {**USUAL, "num_key_value_heads": 1},
    "qwen3": GROUPED,
    "llama": {**USUAL, "num_key_value_heads": 1},
    "mistral": {**USUAL, "num_key_value_heads": 1},
    "phi3": USUAL,
    "olmo2": USUAL,
    "gpt2": GPT,
    "gpt_neox": USUAL,
    "opt": {
        "hidden_size": WIDTH, "word_embed_proj_dim": WIDTH, "num_hidden_layers": 2, "num_attention_heads": 2,
        "ffn_dim": 64, "max_position_embeddings": 64,
    },
}  # fmt: skip
ENCODER_DECODERS: dict[str, dict[str, Any]] = {
    "bart": SEQ2SEQ,
    "t5": {"d_model": WIDTH, "d_kv": 16, "d_ff": 64, "num_layers": 2, "num_decoder_layers": 2, "num_heads": 2},
}
TYPES = {**ENCODERS, **DECODERS, **ENCODER_DECODERS}
WITHOUT_PAD_TOKEN = {"gpt2", "llama", "mistral", "gpt_neox"}  # in their tokenizers, as is common


def save_base(folder: Path, model_type: str, **changes: Any) -> Path:
    """A model of a type in TYPES, or of another encoder of the usual sizes, with its tokenizer. `changes` are further
    fields of its config."""
    ids = {"pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 3}
    if model_type in ENCODER_DECODERS:
        ids["decoder_start_token_id"] = 0
    config = AutoConfig.for_model(
        model_type, vocab_size=len(SPECIAL) + len(WORDS), initializer_range=0.2, **TYPES.get(model_type, USUAL), **ids
    )
    config.update(changes)
    if model_type in WITHOUT_PAD_TOKEN:
        config.pad_token_id = None
    torch.manual_seed(zlib.crc32(model_type.encode()))
    language_model = (
        AutoModelForCausalLM
        if model_type in DECODERS
        else AutoModelForSeq2SeqLM
        if model_type in ENCODER_DECODERS
        else AutoModelForMaskedLM
    )
    make_model = AutoModel if model_type == "mpnet" else language_model
    model = make_model.from_config(config)
    for name, parameter in model.named_parameters():
        if name.endswith("bias"):
            torch.nn.init.normal_(parameter, std=0.1)
    model.save_pretrained(folder)
    _make_tokenizer(model_type).save_pretrained(folder)
    return folder


def _make_tokenizer(model_type: str) -> PreTrainedTokenizerFast:
    vocabulary = {word: number for number, word in enumerate([*SPECIAL, *WORDS])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    shape = "$A" if model_type in DECODERS else "$A </s>" if model_type == "t5" else "<s> $A </s>"
    tokenizer.post_processor = processors.TemplateProcessing(single=shape, special_tokens=[("<s>", 2), ("</s>", 3)])
    names = {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>"}
    if model_type not in WITHOUT_PAD_TOKEN:
        names["pad_token"] = "<pad>"
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, model_input_names=["input_ids", "attention_mask"], **names
    )
