"""What Emocore needs of the machine: files, processes, devices, and the keys and identity of this installation."""
