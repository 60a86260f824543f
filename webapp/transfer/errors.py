"""What stops a transfer: a file, or one line of it."""

from __future__ import annotations


class TransferError(Exception):
    """A history that cannot be imported or exported; the text says what to do."""


class BadLine(TransferError):
    """A line that cannot be imported.

    Attributes:
        number: which line of the file, from 1.
    """

    def __init__(self, number: int, problem: str, advice: str) -> None:
        self.number = number
        super().__init__(f"line {number}: {problem}. {advice}")
