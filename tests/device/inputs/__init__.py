"""Keys and buttons as inputs of the monitor."""
