"""The network that tells whether an eye is seen at all: its data, training and export."""
