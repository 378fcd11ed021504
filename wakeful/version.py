"""The version of wakeful."""

__version__ = "0.2.0"
