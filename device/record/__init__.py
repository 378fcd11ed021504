"""The field log: what the monitor was given and said, kept on disk and judged again."""
