"""An app whose models fit the real histories beside the checkout."""
