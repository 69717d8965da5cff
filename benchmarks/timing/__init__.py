"""What the benchmarks of speed share: their texts and settings, the processes they measure, and the tables."""
