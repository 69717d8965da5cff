"""A process that has done the imports of a training, and from which the scheduler has runs forked.

`python -m emocore.jobs.warm_parent ORDERS ROOM`; ORDERS is the descriptor of its socket. It computes nothing, so that
nothing is half done in the forked processes, and it has one thread. Each run becomes a child of the scheduler, gets its
lock and its log from there, and is like one in a new interpreter. It never has a run's lock itself. See
`run_processes.py` for the scheduler's side.
"""

import gc
import importlib
import os
import socket
import sys
from collections.abc import Iterable
from typing import NoReturn

from emocore.system.faults import reach
from emocore.system.forks import (
    end_idle_threads,
    end_with_parent,
    fork_orphan,
    import_for_forks,
    list_library_pages,
    run_as_program,
    show_command,
    touch,
)
from emocore.system.libraries import prepare_libraries
from emocore.system.processes import RUN_MODULE

# By name, since jobs import nothing of the training, which runs in other processes. All that a run on the CPU imports.
MODULES = (
    "emocore.training.process",
    "emocore.training.head",
    "emocore.training.neural",
    "emocore.models.classifier",
    "iterstrat.ml_stratifiers",
    "peft.tuners.lora.bnb",
    "peft.utils.transformers_weight_conversion",
    "requests",
    "sklearn.metrics",
    "transformers.conversion_mapping",
    "transformers.models.bert.modeling_bert",
    "transformers.models.bert.tokenization_bert",
    "wandb.apis.public",
    "wandb.sdk.launch.sweeps.scheduler",
)
READY = b"ready"


def main(orders: socket.socket) -> NoReturn:
    """Load the libraries, say so, and have a process forked for each order until there are no more."""
    show_command([sys.executable, "-m", "emocore.jobs.warm_parent"])
    end_with_parent()
    load_libraries(MODULES)
    pages = list_library_pages()
    reach("warm.loaded")
    orders.send(READY)
    run, channel = serve(orders)
    begin(run, channel, pages)


def load_libraries(modules: Iterable[str]) -> None:
    """Import the modules and end all threads but this one. Exits if that is impossible."""
    prepare_libraries()
    import_for_forks(modules)
    # Transformers compiles a thousand patterns when it first loads a model.
    importlib.import_module("transformers.conversion_mapping").get_checkpoint_conversion_mapping("bert")
    gc.freeze()
    if not end_idle_threads():
        sys.exit("runs cannot be forked from a process with several threads; each will load its own libraries")


def serve(orders: socket.socket) -> tuple[str, socket.socket]:
    """Carry out orders. Returns only in a forked process: the run's folder, and the channel to the scheduler."""
    while True:
        order, descriptors, _, _ = socket.recv_fds(orders, 10_000, 1, socket.MSG_CMSG_CLOEXEC)
        if not order:
            os._exit(0)
        reach("warm.ordered")
        channel = socket.socket(fileno=descriptors[0])
        try:
            if fork_orphan():
                orders.close()
                return os.fsdecode(order), channel
            reach("warm.forked")
        except OSError as error:
            channel.send(str(-(error.errno or 0)).encode())
        channel.close()


def begin(run: str, channel: socket.socket, pages: list[int]) -> NoReturn:
    """Be the process of a run, once the scheduler knows this process and has sent the run's lock and its log."""
    os.setsid()
    command = [sys.executable, "-m", RUN_MODULE.decode(), run]
    show_command(command)
    reach("run.forked")
    try:
        channel.send(str(os.getpid()).encode())
        answer, descriptors, _, _ = socket.recv_fds(channel, 100, 2, socket.MSG_CMSG_CLOEXEC)
    except ConnectionError:
        answer = b""
    if not answer:  # the scheduler has died or given up, and somebody else starts the run
        os._exit(0)
    channel.close()
    lock, log = descriptors
    for stream in (1, 2):
        os.dup2(log, stream)
    os.close(log)
    touch(pages)
    run_as_program([*command, str(lock)])


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
