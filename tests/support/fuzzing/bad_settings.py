"""Bad settings: command lines of every command, and environments."""

import os
from collections.abc import Callable
from random import Random

from tests.support.fuzzing.box import Box, Step
from tests.support.fuzzing.nasty import MARKUP, NUMBERS, TEXTS, as_argument, pick_text

NUMERIC = (
    "seed", "rows", "epochs", "max_steps", "batch_size", "gradient_accumulation_steps", "learning_rate",
    "head_learning_rate", "weight_decay", "warmup_share", "max_grad_norm", "threshold", "lora_rank", "lora_alpha",
    "lora_dropout", "inverse_regularization", "checkpoint_minutes", "checkpoints_kept", "validation_share",
    "test_share", "max_length",
)  # fmt: skip
WORDS = (
    "method", "base", "data", "validation_data", "test_data", "text_column", "label_columns", "device", "precision",
    "gradient_checkpointing", "wandb_mode", "wandb_project", "wandb_entity", "wandb_base_url", "study",
    "target_modules", "group_column", "loss", "positive_weight",
)  # fmt: skip
OPTIONS = [name.replace("_", "-") for name in (*NUMERIC, *WORDS)]
METHODS = ("lora", "ia3", "qlora", "head", "tfidf")
VARIABLES = (
    "EMOCORE_RUNS", "EMOCORE_CACHE", "EMOCORE_SETTINGS", "WANDB_BASE_URL", "HF_ENDPOINT", "CUDA_VISIBLE_DEVICES",
    "OMP_NUM_THREADS", "HF_HOME", "EMOCORE_DATA_FOLDERS", "LANG", "WANDB_MODE", "WANDB_DIR", "COLUMNS",
)  # fmt: skip


def make(random: Random, box: Box) -> list[Step]:
    box.add_run("tfidf", "first")
    box.add_run("tfidf_again", "second")
    (box.outside / "loop").symlink_to("loop")
    os.mkfifo(box.outside / "fifo")
    return [random.choices(list(MAKERS), list(MAKERS.values()))[0](random, box)]


def value(random: Random) -> str:
    return as_argument(random.choice(NUMBERS) if random.random() < 0.5 else pick_text(random))


def setting(random: Random) -> str:
    numeric = random.random() < 0.6
    name = random.choice(NUMERIC if numeric else WORDS)
    if random.random() < 0.05:
        name = as_argument(random.choice(TEXTS))
    return f"{name}={as_argument(random.choice(NUMBERS)) if numeric else value(random)}"


def launch(random: Random, box: Box) -> Step:
    argv = ["launch", "--method", random.choice(METHODS), "--data", str(box.templates.data)]
    for _ in range(random.choice((1, 1, 2, 3))):
        if random.random() < 0.3:
            argv += [f"--{random.choice(OPTIONS)}={value(random)}"]
        else:
            argv += ["--set", setting(random)]
    return Step(argv)


def contradictory(random: Random, box: Box) -> Step:
    """The same setting twice, with two values; or a number of steps that no training reaches."""
    name, first, second = random.choice(
        (("rows", 50, 60), ("epochs", 1, 2), ("batch_size", 8, 16), ("learning_rate", 0.1, 0.2), ("seed", 1, 2))
    )
    pairs = {
        "option and setting": [f"--{name.replace('_', '-')}={first}", "--set", f"{name}={second}"],
        "twice": ["--set", f"{name}={first}", "--set", f"{name}={second}"],
        "for ever": ["--method", "lora", "--set", f"max_steps=1{'0' * random.randint(12, 30)}"],
        "password": ["--set", f"wandb_base_url=http://me:{box.secret}@127.0.0.1:9/"],
    }
    kind = random.choice(list(pairs))
    method = [] if kind == "for ever" else ["--method", "tfidf"]
    return Step(["launch", *method, "--data", str(box.templates.data), *pairs[kind]], must_refuse=True)


def study(random: Random, box: Box) -> Step:
    def several(values: tuple[str, ...]) -> str:
        return ",".join(as_argument(random.choice((*values, pick_text(random)))) for _ in range(random.randint(1, 4)))

    argv = ["study", f"--methods={several(METHODS)}", f"--seeds={several(('1', '2', '42'))}"]
    if random.random() < 0.5:
        argv += [f"--vary={random.choice((*NUMERIC, 'method'))}={several(NUMBERS)}"]
    if random.random() < 0.3:
        argv += ["--name", value(random)]
    if random.random() < 0.3:
        argv += ["--set", f"{random.choice((*METHODS, 'x'))}.{setting(random)}"]
    if random.random() < 0.3:
        argv += [f"--preset={random.choice(('starter', 'as-it-was', 'fair', 'rows', 'learning-rate', 'x'))}"]
    return Step([*argv, f"--data={box.templates.data}"])


def clone(random: Random, box: Box) -> Step:
    return Step(["clone", "first", *(item for _ in range(random.randint(1, 2)) for item in ("--set", setting(random)))])


def about_a_run(random: Random, box: Box) -> Step:
    """Invalid ids; those that look like paths lead only to folders of this box."""
    ids = (
        "../outside", "./first", "first/", "first/../second", str(box.outside), "", ".", "..", ".queue.paused",
        "FIRST", "first\n", "first*", "first second", "-1", "--", as_argument(pick_text(random)).replace("/", "∕"),
    )  # fmt: skip
    command = random.choice(("show", "stop", "resume", "delete", "sync", "queue", "classify", "clone", "compare"))
    extra = {"delete": ["--yes"], "classify": ["--text=x"]}.get(command, [])
    argument = random.choice(ids)
    return Step([command, *extra, *([f"--front={argument}"] if command == "queue" else ["--", argument])])


def read_out(random: Random, box: Box) -> Step:
    """Commands that write files to impossible places."""
    loop, long = box.outside / "loop", box.desk / ("x" * 300)
    places = map(str, (box.outside, loop, loop / "x", long, box.desk / "no" / "x"))
    place = random.choice([*places, "/dev/full", "", "\u202ex", as_argument(random.choice(MARKUP))[:50]])
    place = place if place.startswith("/") else place.replace("/", "∕")
    argv = random.choice(
        (
            ["classify", "first", "--file", str(box.templates.data), "--out", place],
            ["compare", "first", "second", "--report", place],
            ["compare", f"--thresholds={value(random)}", "first", "second"],
            ["compare", f"--study={value(random)}"],
            ["compare", "first", "second", f"--split={value(random)}"],
            ["classify", "first", f"--text={value(random)}", "--json"],
            ["classify", "first", "--file", str(box.templates.data), f"--text-column={value(random)}"],
        )
    )
    return Step(argv)


def anything(random: Random, box: Box) -> Step:
    """No command at all, or one with options of another."""
    commands = ("bases", "methods", "launch", "study", "runs", "show", "compare", "queue", "sync", value(random))
    options = ("--json", "--set", "--wait=1", "--yes", "--front", "--pause", "--continue", "--text", value(random))
    return Step([random.choice(commands), *(random.choice(options) for _ in range(random.randint(0, 3)))])


def environment(random: Random, box: Box) -> Step:
    name = random.choice(VARIABLES)
    places = [str(box.outside / kind) for kind in ("shadow", "shadow/x", "loop", "loop/x", "fifo", "new")]
    # Nothing that is relative or below the root: a box must not write elsewhere.
    words = [word for word in (value(random), random.choice(NUMBERS)) if "/" not in word and not word.startswith("~")]
    chosen = random.choice([*places, "/dev/null", "/dev/null/x", "/proc/x", "~nosuchuser/x", *words])
    if name == "EMOCORE_CACHE" and random.random() < 0.5:
        set_base(box, "smollm2-135m")
        if (chosen.startswith("/") and "new" not in chosen) or chosen.startswith("~"):
            return Step(["classify", "lora", "--text=x"], env={name: chosen})
    argv = random.choice(
        (
            ["runs"], ["show", "first"], ["queue"], ["bases"], ["classify", "first", "--text=x"],
            ["compare", "first", "second"],
            ["launch", "--method", "tfidf", "--data", str(box.templates.data), "--set", "wandb_mode=offline"],
        )
    )  # fmt: skip
    return Step(argv, env={name: as_argument(chosen)})


def set_base(box: Box, base: str) -> None:
    info = box.add_run("lora", "lora") / "adapter" / "emocore.json"
    info.write_text(info.read_text().replace(str(box.templates.base), base))


MAKERS: dict[Callable[[Random, Box], Step], int] = {
    launch: 10, contradictory: 2, study: 5, clone: 3, about_a_run: 4, read_out: 4, anything: 2, environment: 5,
}  # fmt: skip
