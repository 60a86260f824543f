"""An app whose models hold the column types that the shop does without."""
