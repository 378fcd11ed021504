"""``python -m wakeful`` is the ``wakeful`` command."""

from wakeful.device.cli import main

if __name__ == "__main__":
    main()
