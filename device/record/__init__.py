"""The field log: what the monitor received and reported, kept on disk for replay."""
