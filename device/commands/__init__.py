"""The commands of ``wakeful``, one file per group.

These files are imported for every ``--help``, so at their top they import typer and nothing that is slow; what a
command needs, it imports when it runs.
"""
