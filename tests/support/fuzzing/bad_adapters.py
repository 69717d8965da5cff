"""Bad adapters and bases: the damaged adapter folder of a finished tiny run, which has to classify a text.

Planted code, in pickles and in a base's folder, leaves evidence if it is ever run.
"""

import io
import json
import pickle
import shutil
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from tests.support.fuzzing.box import Box, Step
from tests.support.fuzzing.harms import change_json, damage_bytes, put_instead, read_json, write_json
from tests.support.fuzzing.nasty import JSON_VALUES, pick_text

RUN = "given"
PICKLE_NAMES = (
    "adapter_model.bin", "pytorch_model.bin", "training_args.bin", "optimizer.pt", "rng_state.pth", "scaler.PT",
    "weights.ckpt", "x.pkl", "x.pickle", "x.joblib", "x.npy", "x.BIN", "corda_cache", "adapter_model.safetensors",
    "tokenizer.model",
)  # fmt: skip
REDOS = (
    "(a+)+$", "(.*a){30}", "^(([a-z])+.)+[A-Z]([a-z])+$", "(.*)*(.*)*(.*)*!", "((.*)*)*x", "(", "[", "(?P<x>.)" * 50,
    "x" * 10**5,
)  # fmt: skip
NUMBER_FORMATS = {"F64": "<d", "F32": "<f"}


def make(random: Random, box: Box) -> list[Step]:
    run = box.add_run(random.choice(("lora", "lora", "tfidf")), RUN)
    harm = random.choices(list(HARMS), list(HARMS.values()))[0]
    must_refuse = bool(harm(run / "adapter", random, box))
    if random.random() < 0.12:
        return [Step(page={"name": "playground", "query": {"runs": [RUN]}})]
    step = Step(["classify", RUN, "--text", "so happy today", "--json"], must_refuse=must_refuse)
    step.terminal = harm in (plant_code, plant_shard) or random.random() < 0.1
    return [step]


class Evil:
    """Its pickle writes evidence when it is loaded."""

    def __init__(self, evidence: Path) -> None:
        self._evidence = str(evidence)

    def __reduce__(self) -> tuple[Any, ...]:
        return open, (self._evidence, "w")


def evil_pickle(box: Box, in_zip: bool) -> bytes:
    content = pickle.dumps(Evil(box.evidence / "a pickle"), protocol=2)
    if not in_zip:
        return content
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:  # as torch saves
        file.writestr("archive/data.pkl", content)
        file.writestr("archive/version", "3\n")
    return packed.getvalue()


def update_json(path: Path, **changes: object) -> None:
    write_json(path, read_json(path) | changes)


def change_info(adapter: Path, random: Random, box: Box) -> None:
    change_json(adapter / "emocore.json", random)


def change_any_json(adapter: Path, random: Random, box: Box) -> None:
    change_json(random.choice(sorted(adapter.glob("*.json"))), random)


def replace_any(adapter: Path, random: Random, box: Box) -> None:
    put_instead(random.choice(sorted(adapter.iterdir())), random, random.choice(box.secret_files))


def damage_any(adapter: Path, random: Random, box: Box) -> None:
    damage_bytes(random.choice(sorted(adapter.iterdir())), random)


def impossible_info(adapter: Path, random: Random, box: Box) -> bool:
    """Make thresholds out of range, repeated labels, or impossible lengths."""
    info = read_json(adapter / "emocore.json")
    labels, wrong = info["labels"], random.choice((float("nan"), 2, -1, float("inf"), 1e308, -0.5))
    changes: list[dict[str, Any]] = [
        {"thresholds": info["thresholds"] | {random.choice(labels): wrong}},
        {"labels": [labels[0]] * len(labels), "thresholds": {labels[0]: 0.5}},
        {"max_length": random.choice((0, -1, 10**30, -(10**400)))},
    ]
    update_json(adapter / "emocore.json", **random.choices(changes, (2, 1, 1))[0])
    return True


def change_words(adapter: Path, random: Random, box: Box) -> None:
    """Change the names of labels, base and run."""
    info, words = read_json(adapter / "emocore.json"), random.choice((pick_text(random), "\0", "\ud800"))
    if random.random() < 0.5:
        old = random.choice(info["labels"])
        info["labels"] = [words if label == old else label for label in info["labels"]]
        info["thresholds"][words] = info["thresholds"].pop(old)
    else:
        info[random.choice(("base", "run_id", "method", "base_revision"))] = words
    write_json(adapter / "emocore.json", info)


def read_weights(path: Path) -> tuple[dict[str, Any], int, bytearray]:
    """Of a file of safetensors: what its header says of each tensor, where the header ends, and all bytes."""
    content = bytearray(path.read_bytes())
    end = 8 + struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8:end])
    header.pop("__metadata__", None)
    return header, end, content


def spoil_weights(adapter: Path, random: Random, box: Box) -> bool:
    """Make one or all numbers of a tensor invalid in an otherwise correct file."""
    path = random.choice(sorted(adapter.glob("*.safetensors")))
    header, begin, content = read_weights(path)
    tensor = random.choice([header[name] for name in sorted(header) if header[name]["dtype"] in NUMBER_FORMATS])
    number = struct.pack(NUMBER_FORMATS[tensor["dtype"]], random.choice((float("nan"), float("inf"), float("-inf"))))
    start, end = tensor["data_offsets"]
    count = random.choice((1, (end - start) // len(number)))
    content[begin + start : begin + start + count * len(number)] = number * count
    path.write_bytes(content)
    return True


def spoil_header(adapter: Path, random: Random, box: Box) -> None:
    path = random.choice(sorted(adapter.glob("*.safetensors")))
    header, end, content = read_weights(path)
    name = random.choice(list(header))
    kind = random.choice(("length", "field", "name", "drop", "brackets"))
    if kind == "field":
        header[name][random.choice(("dtype", "shape", "data_offsets"))] = random.choice(JSON_VALUES)
    elif kind == "name":
        header[pick_text(random)] = header.pop(name)
    else:
        header.pop(name)
    text = b"[" * 100_000 if kind == "brackets" else json.dumps(header).encode()
    length = len(text)
    if kind == "length":
        text, length = bytes(content[8:end]), random.choice((0, 1, 2**63, 2**64 - 1, 10**9, end - 7))
    path.write_bytes(struct.pack("<Q", length) + text + content[end:])


def change_peft(adapter: Path, random: Random, box: Box) -> None:
    """Change PEFT's config: expressions that take for ever, other kinds of adapters, classes to import."""
    path = adapter / "adapter_config.json"
    if not path.is_file():
        change_any_json(adapter, random, box)
        return
    expression = random.choice(REDOS)
    changes: list[dict[str, Any]] = [
        {"target_modules": expression},
        {"target_modules": expression + "z" * 40},
        {"rank_pattern": {expression: 2}},
        {"alpha_pattern": {expression: 2}},
        {"exclude_modules": expression},
        {"modules_to_save": [expression]},
        {"layers_pattern": expression, "layers_to_transform": [0]},
        {"lora_alpha": random.choice(JSON_VALUES)},
        {"r": random.choice((0, -1, 10**9, 1.5, "x", None))},
        {"peft_type": random.choice(("XLORA", "PROMPT_TUNING", "IA3", "MULTITASK_PROMPT_TUNING", "x", None, 3))},
        {"auto_mapping": {"base_model_class": "Evil", "parent_library": "evil"}},
        {"base_model_name_or_path": random.choice((box.attacker.url, "owner/private-model", "\0", str(box.outside)))},
        {"megatron_core": "evil", "megatron_config": {"x": 1}},
        {"corda_config": {"cache_file": str(adapter / "corda_cache")}},
        {"eva_config": {"rho": -1}, "init_lora_weights": random.choice(("eva", "corda", "pissa", "loftq", "x"))},
        {"modules_to_save": random.choice((None, [], ["score", "embed_tokens"], "score", [1]))},
    ]
    update_json(path, **random.choice(changes))
    (adapter / "corda_cache").write_bytes(evil_pickle(box, in_zip=True))
    (adapter / "evil.py").write_text(evil_source(box))


def plant_pickle(adapter: Path, random: Random, box: Box) -> None:
    """Add a pickle, maybe instead of the weights."""
    if random.random() < 0.4:
        for weights in adapter.glob("*.safetensors"):
            weights.unlink()
    (adapter / random.choice(PICKLE_NAMES)).write_bytes(evil_pickle(box, random.random() < 0.5))


def own_base(adapter: Path, box: Box) -> Path:
    """Make a copy of the base next to the adapter, which then uses it."""
    base = Path(shutil.copytree(box.templates.base, adapter.parent / "base"))
    update_json(adapter / "emocore.json", base=str(base))
    return base


def evil_source(box: Box) -> str:
    here = str(box.evidence / "a module")
    return (
        f"open({here!r}, 'w')\n"
        "from transformers import PreTrainedTokenizerFast, LlamaConfig, LlamaForSequenceClassification\n"
        "class EvilTokenizer(PreTrainedTokenizerFast): pass\n"
        "class EvilConfig(LlamaConfig): pass\n"
        "class EvilModel(LlamaForSequenceClassification): pass\n"
    )


def plant_code(adapter: Path, random: Random, box: Box) -> None:
    """Add code to a base for its own tokenizer, configuration or model."""
    base = own_base(adapter, box)
    (base / "evil.py").write_text(evil_source(box))
    if random.random() < 0.5:
        own = random.choice(({}, {"tokenizer_class": "EvilTokenizer"}))
        auto_map: dict[str, Any] = {"AutoTokenizer": ["evil.EvilTokenizer", "evil.EvilTokenizer"]}
        update_json(base / "tokenizer_config.json", auto_map=auto_map, **own)
    else:
        own = random.choice(({}, {"model_type": "evil"}))
        auto_map = {"AutoConfig": "evil.EvilConfig", "AutoModelForSequenceClassification": "evil.EvilModel"}
        update_json(base / "config.json", auto_map=auto_map, **own)


def plant_shard(adapter: Path, random: Random, box: Box) -> bool:
    """An index of safetensors that names a pickle."""
    base = own_base(adapter, box)
    names, _, _ = read_weights(base / "model.safetensors")
    (base / "model.safetensors").unlink()
    shard = random.choice(("pytorch_model.bin", "model-00001-of-00001.bin", "evil.pt", "x.safetensors"))
    (base / shard).write_bytes(evil_pickle(box, random.random() < 0.5))
    index = {"metadata": {"total_size": 1}, "weight_map": dict.fromkeys(names, shard)}
    write_json(base / "model.safetensors.index.json", index)
    return True


def damage_base(adapter: Path, random: Random, box: Box) -> None:
    base = own_base(adapter, box)
    chance = random.random()
    if chance < 0.3:
        sizes = ("num_hidden_layers", "vocab_size", "hidden_size", "intermediate_size", "num_attention_heads")
        update_json(base / "config.json", **{random.choice(sizes): random.choice((10**7, 10**12, 0, -1, 10**400))})
    elif chance < 0.6:
        change_json(random.choice(sorted(base.glob("*.json"))), random)
    elif chance < 0.85:
        files = [path for path in sorted(base.iterdir()) if path.is_file()]
        put_instead(random.choice(files), random, box.secret_files[0])
    else:
        damage_bytes(base / "model.safetensors", random)


HARMS: dict[Callable[[Path, Random, Box], object], int] = {
    change_info: 8, change_any_json: 8, replace_any: 8, damage_any: 3, impossible_info: 5, change_words: 3,
    spoil_weights: 4, spoil_header: 3, change_peft: 8, plant_pickle: 4, plant_code: 3, plant_shard: 2, damage_base: 6,
}  # fmt: skip
