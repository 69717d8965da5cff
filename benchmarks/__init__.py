"""Long measurements that people run, and that the tests run in short."""
