"""Whether this machine is ready: checks, the Hexagon NPU, and where the camera is mounted."""
