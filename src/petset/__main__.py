"""`python -m petset` is the `petset` command."""

from petset.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
