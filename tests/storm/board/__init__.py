"""An app with one model, whose records hold a list that many clients add to."""
