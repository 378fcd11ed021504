"""Pixels to observation: face, landmarks, eyes, head pose, gaze."""
