"""An app with one versioned model, as a user of the admin has it."""
