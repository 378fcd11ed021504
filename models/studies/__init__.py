"""Questions about data and networks that are answered by many small trainings; each answer is one page."""
