"""Tones over the sound card, for alerts without a buzzer."""
