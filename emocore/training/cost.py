"""What a training cost: time and peak memory."""

import resource
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class TrainingCost:
    """`train_seconds` is optimisation alone, without loading and without evaluations; `samples_per_second`
    counts texts over that time. `peak_memory_bytes` is the GPU's allocator peak on a GPU, otherwise the
    process's largest resident set up to the end of training."""

    train_seconds: float
    samples_per_second: float
    peak_memory_bytes: int
    trainable_parameters: int
    adapter_parameters: int
    head_parameters: int

    def as_dict(self) -> dict[str, float | int]:
        return asdict(self)


def peak_memory_bytes(device: str) -> int:
    """See TrainingCost."""
    if device.startswith("cuda"):
        import torch

        return int(torch.cuda.max_memory_allocated())
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
