"""The memory cost of a training."""

import resource


def peak_memory_bytes(device: str) -> int:
    """The allocator's peak on a GPU, otherwise the process's largest resident set so far."""
    if device.startswith("cuda"):
        import torch

        return int(torch.cuda.max_memory_allocated())
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
