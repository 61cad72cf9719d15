"""`python -m petset` is the `petset` command."""

from petset.daemons.command import main

if __name__ == "__main__":
    raise SystemExit(main())
