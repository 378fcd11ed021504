"""Observation to driver state to alert: pure, no clock, no I/O, no pixels; standard library and numpy alone."""
