"""Settings in layers: files, profiles, the command line; their errors and how they are written."""
