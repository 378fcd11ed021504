"""Alerts and a heartbeat over a serial line, as NMEA 0183 sentences."""
