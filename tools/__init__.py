"""Programs that measure wakeful, break it on purpose, or make its assets. None of them is installed."""
