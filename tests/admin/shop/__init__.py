"""A small shop: the models that the admin's tests edit."""
