"""Trained network to what a board executes."""
