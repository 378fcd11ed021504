"""What somebody beside the monitor sends to it: keys, buttons. Wires that also carry alerts are in alerts/."""
