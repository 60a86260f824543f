"""Flask-Admin's own tests, which its package brings along, run against our view."""
