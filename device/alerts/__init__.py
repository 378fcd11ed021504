"""Alerts to the outside world: serial line, GPIO, JSON lines, terminal, one backend a file."""
