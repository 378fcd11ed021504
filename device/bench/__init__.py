"""``wakeful bench``: how fast networks and the whole monitor are here, measured so that two people can compare."""
