"""An app whose records are nobody's business but those who need them."""
