"""The form that launches runs."""
