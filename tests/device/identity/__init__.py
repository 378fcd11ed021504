"""Tests of the room beside them."""
