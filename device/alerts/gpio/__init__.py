"""A lamp, buzzer or relay on one GPIO line."""
