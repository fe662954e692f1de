"""The ``visaged`` command: one file per subcommand, each imported only when it is asked for."""

from visaged.cli.main import main

__all__ = ["main"]
