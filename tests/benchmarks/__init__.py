"""What versions cost, beside the plain UPDATE and what one would use instead.

`python -m tests.benchmarks` measures; RESULTS.md holds what it found. Tests these are not: pytest
collects none of it. What a test can promise (query plans, numbers of statements) is in
tests/versioning.
"""
