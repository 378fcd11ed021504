"""What is known: the registry of networks and the weights that ship with wakeful."""
