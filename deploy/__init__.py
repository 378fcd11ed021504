"""How wakeful gets onto a board."""
