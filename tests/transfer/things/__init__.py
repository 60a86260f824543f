"""An app with a model of every column type."""
