"""Launching, scheduling and stopping runs. The run folders are the queue; nothing else is."""
