"""The pages and commands that manage accounts and show what happened to them."""

from .pages import ENDPOINTS, init_accounts

__all__ = ["ENDPOINTS", "init_accounts"]
