"""How often intervals hold and verdicts are wrong, measured on simulated studies with known truth."""
