"""Pictures labelled by hand, one key a picture, in a page on this machine."""
