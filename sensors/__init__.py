"""What comes in: cameras, vehicle speed, the synthetic driver."""
