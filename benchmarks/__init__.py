"""How fast is it, and does it stay so? `python -m benchmarks` (docs/howto/benchmark.md)."""
