"""Broken inputs for every parser."""
