"""Judges many recorded drives, on one machine or many: plans shards, carries them, and merges what came of them."""
