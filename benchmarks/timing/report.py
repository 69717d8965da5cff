"""Figures of several rounds in small tables."""

import json
import os
import platform
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def print_progress(words: str) -> None:
    """Say what has been measured, and how busy the machine is, on stderr: other work makes figures worthless."""
    print(f"{words} (load {os.getloadavg()[0]:.1f})", file=sys.stderr, flush=True)


def describe_ratios(ratios: Sequence[float]) -> str:
    """1.53 (1.50 to 1.56): the median and the range; 1.53 for one round."""
    middle = f"{statistics.median(ratios):.2f}"
    return middle if len(ratios) == 1 else f"{middle} ({min(ratios):.2f} to {max(ratios):.2f})"


def write_figures(file: Path | None, figures: dict[str, Any]) -> None:
    """Write the figures as JSON, with the machine that they were measured on, if a file was named."""
    if file:
        machine = {"platform": platform.platform(), "cores": len(os.sched_getaffinity(0))}
        file.write_text(json.dumps({"machine": machine} | figures, indent=2) + "\n", encoding="utf-8")
