"""Alerts and a heartbeat on a CAN bus; the vehicle's speed, ignition and gear from it."""
