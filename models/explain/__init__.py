"""What networks look at and what they are made of, as pages for people."""
