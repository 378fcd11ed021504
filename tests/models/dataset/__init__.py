"""Tests of models/dataset."""
