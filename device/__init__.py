"""What runs on the board: pixels to observation, observation to alert, alert to the outside world."""
