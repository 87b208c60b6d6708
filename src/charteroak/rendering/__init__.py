"""Plates, cars and streets that the project draws: for demo, tests and training."""
