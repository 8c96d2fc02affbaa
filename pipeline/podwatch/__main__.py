"""The command ``podwatch``, also as ``python -m podwatch``."""

from podwatch.commands import main

if __name__ == "__main__":
    main()
