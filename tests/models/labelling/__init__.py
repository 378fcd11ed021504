"""Tests of models/labelling."""
