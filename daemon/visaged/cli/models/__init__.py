"""``visaged models``: the model packages on this box: look at them, check them, make them of weights, time them."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from visaged.cli.models.bench import add_bench_arguments, bench
from visaged.cli.models.build_tools import ToolsMissing
from visaged.cli.models.building import add_build_arguments, build
from visaged.cli.models.comparing import add_compare_arguments, compare_models
from visaged.cli.models.importing import ImportFailed, add_import_arguments, import_model
from visaged.cli.models.listing import add_list_arguments, add_verify_arguments, list_models, verify
from visaged.cli.models.removing import add_remove_arguments, remove_model
from visaged.config.load import ConfigError
from visaged.console import exit_codes
from visaged.console.say import complain
from visaged.inference.errors import NoPackageError, PackageError, SessionError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the actions."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    add_list_arguments(_action(actions, "list", "packages in the order in which they are looked for", list_models))
    add_verify_arguments(_action(actions, "verify", "check a package's manifest and the hash of every file", verify))
    add_import_arguments(_action(actions, "import", "install a package, or make one of trained weights", import_model))
    add_compare_arguments(
        _action(actions, "compare", "find out which position encoding NeuroSync weights need", compare_models)
    )
    add_remove_arguments(_action(actions, "remove", "remove a package from this box", remove_model))
    add_build_arguments(_action(actions, "build", "build the TensorRT engines of this box, ahead of their use", build))
    add_bench_arguments(_action(actions, "bench", "time every precision of a package on this box", bench))


def run(options: argparse.Namespace) -> int:
    """Do the chosen action; exit 1 when something is refused, 69 when what it takes is not on this box."""
    try:
        return int(options.function(options))
    except ToolsMissing as error:
        complain(error)
        return exit_codes.UNAVAILABLE
    except ConfigError as error:
        complain(error)
        return exit_codes.USAGE
    except (ImportFailed, PackageError, SessionError, NoPackageError) as error:
        complain(error)
        return exit_codes.FAILED


def _action(
    actions: Any, name: str, summary: str, function: Callable[[argparse.Namespace], int]
) -> argparse.ArgumentParser:
    action: argparse.ArgumentParser = actions.add_parser(
        name, help=summary, description=summary[0].upper() + summary[1:]
    )
    action.set_defaults(function=function)
    return action
