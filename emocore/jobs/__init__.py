"""Launching, scheduling and stopping runs. The run folders themselves are the queue."""
