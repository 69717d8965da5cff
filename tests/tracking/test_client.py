"""Loading the W&B client, in processes of their own."""

import subprocess
import sys

FAILS_ONCE = """
import sys

from emocore.tracking.client import load_client


class FailsOnce:
    failed = False

    def find_spec(self, name, path=None, target=None):
        if name == "wandb.data_types" and not self.failed:
            self.failed = True
            raise ImportError("no more files can be opened")


sys.meta_path.insert(0, FailsOnce())
try:
    load_client()
except ImportError as error:
    print(error)
print(load_client().errors.CommError.__name__)
"""


def test_an_import_that_failed_can_be_repeated() -> None:
    """Python keeps the submodules of a package whose import failed, and wandb cannot be imported over them."""
    done = subprocess.run([sys.executable, "-c", FAILS_ONCE], capture_output=True, text=True, timeout=120)
    assert done.stdout.split("\n")[:2] == ["no more files can be opened", "CommError"], done.stderr
