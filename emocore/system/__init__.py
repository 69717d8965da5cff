"""The machine: files, processes and devices, and the keys and identity of this installation."""
