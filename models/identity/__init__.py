"""Who sits there: an aligned face as 128 numbers, and the classical ways beside it."""
