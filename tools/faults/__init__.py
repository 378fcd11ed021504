"""Faults on purpose: a rig around one monitor, and the soak of many hours."""
