"""An app whose records are linked to many others."""
