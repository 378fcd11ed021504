"""What stands in for the world around a monitor: peers on its wires, cameras by script, logs of known drives."""
