"""What the monitor does in bad light: clips with a marked sleep, seen through a grid of worse cameras and lights.

``python -m tools.light_rig --help``; ``cells`` has the grid, ``effects`` what is done to the pictures.
"""
