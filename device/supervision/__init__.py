"""The health of the process itself: its threads, its watchdog, its load, and what is wrong with it."""
