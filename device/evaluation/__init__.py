"""How good the monitor is on real clips with marked intervals."""
