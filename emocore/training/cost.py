"""What a training cost in memory."""

import resource


def peak_memory_bytes(device: str) -> int:
    """The GPU's allocator peak on a GPU, otherwise the process's largest resident set so far."""
    if device.startswith("cuda"):
        import torch

        return int(torch.cuda.max_memory_allocated())
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
