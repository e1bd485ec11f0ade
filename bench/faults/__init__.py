"""Other tools under the faults that stepwell is tested with: `python -m bench.faults`. No test depends on it."""
