"""A board without a board: a real Linux kernel as an ordinary process (``make board-check``), see ``__main__``."""
