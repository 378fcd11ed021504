"""What the trainings of all landmark networks share: crops, pictures, light, schedule, checkpoints."""
