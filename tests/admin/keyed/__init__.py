"""Records that several columns name together."""
