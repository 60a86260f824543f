"""A club: owners with children of each kind of reference."""
