"""``visaged models import``: a ready package (folder or zip), or trained weights that become one."""

from __future__ import annotations

import argparse
import importlib
import re
import shutil
import zipfile
from pathlib import Path
from typing import Final

from visaged.console import exit_codes
from visaged.console.say import say
from visaged.file_kind import kind_of_file
from visaged.inference.errors import PackageError, UntrustedPackage
from visaged.inference.find import BOX_ROOT
from visaged.inference.manifest import MANIFEST_NAME, MAX_TEXT
from visaged.inference.package import load_package
from visaged.inference.package_zip import install_package_zip
from visaged.inference.store import put, staging
from visaged.inference.weights_file import fault_of
from visaged.signing import KEYS_DIR, KeyFileError, load_public_keys, verify
from visaged.text_form import MODEL_NAME, MODEL_VERSION

# Kind of weights -> the module here with FORMS, add_arguments(group) and import_weights(options, file) -> exit code.
WEIGHTS: Final = {"mimi": "visaged.cli.models.mimi", "neurosync": "visaged.cli.models.neurosync"}


class ImportFailed(Exception):
    """Nothing was installed; says why and what would be accepted."""


def add_import_arguments(action: argparse.ArgumentParser) -> None:
    """Add the options."""
    kinds = ", ".join(WEIGHTS)
    action.usage = "visaged models import [options] DIR|ZIP\n       visaged models import [options] KIND FILE"
    action.add_argument(
        "what",
        nargs="+",
        metavar="WHAT",
        help=f"package folder, package zip, or a kind of weights ({kinds}) and a file",
    )
    action.add_argument(
        "--models", type=Path, default=BOX_ROOT, metavar="DIR", help="folder to install into (default %(default)s)"
    )
    zips = action.add_argument_group("a package zip")
    zips.add_argument("--keys", type=Path, default=KEYS_DIR, help=f"folder of trusted keys (default {KEYS_DIR})")
    zips.add_argument("--unsigned", action="store_true", help="accept a zip that no trusted key has signed")
    add_package_arguments(action)
    for kind, module in WEIGHTS.items():
        importlib.import_module(module).add_arguments(action.add_argument_group(f"{kind} weights"))


def add_package_arguments(action: argparse.ArgumentParser) -> None:
    """Add what a package made of weights is called."""
    weights = action.add_argument_group("weights")
    weights.add_argument("--name", type=_name, help="of the package (default: the kind)")
    weights.add_argument("--version", type=_version, default="1.0.0", help="of the package (default %(default)s)")
    weights.add_argument("--licence", type=_licence, default="", help="of the weights, for the record")


def import_model(options: argparse.Namespace) -> int:
    """Install; nothing is seen by the daemon before it is whole. Raises ImportFailed, PackageError, ToolsMissing."""
    if len(options.what) == 1:
        path = Path(options.what[0])
        if options.what[0] in WEIGHTS and not path.exists():
            raise ImportFailed(f"which weights? visaged models import {path} FILE")
        return _import_folder(path, options) if path.is_dir() else _import_zip(path, options)
    kind, *files = options.what
    if kind not in WEIGHTS or len(files) != 1:
        raise ImportFailed(
            f"'{' '.join(options.what)}' is not what can be imported; accepted: DIR, ZIP, "
            + ", ".join(f"{name} FILE" for name in WEIGHTS)
        )
    path = Path(files[0])
    try:
        check_weights(kind, path)
        return int(importlib.import_module(WEIGHTS[kind]).import_weights(options, path))
    except OSError as error:
        raise ImportFailed(f"'{path}' is not imported, nothing was changed: {error}") from None


def check_weights(kind: str, path: Path) -> None:
    """Raises ImportFailed when the file cannot be weights of this kind; OSError."""
    if not path.is_file():
        raise ImportFailed(f"'{path}': there is no such file")
    fault = fault_of(path, importlib.import_module(WEIGHTS[kind]).FORMS)
    if fault:
        raise ImportFailed(f"'{path}' {fault}")


def _import_folder(source: Path, options: argparse.Namespace) -> int:
    sound = load_package(source)
    try:
        with staging(options.models) as folder:
            for name in (MANIFEST_NAME, *sound.manifest.sha256):
                shutil.copyfile(source / name, folder / name)
            package = put(load_package(folder), options.models)
    except OSError as error:
        raise ImportFailed(f"'{source}' is not imported, nothing was changed: {error}") from None
    say(f"{package.manifest.name} {package.manifest.version} is installed in {package.folder}")
    return exit_codes.DONE


def _import_zip(path: Path, options: argparse.Namespace) -> int:
    if not path.is_file():
        raise ImportFailed(f"'{path}': there is no such folder or file")
    try:
        kind = None if zipfile.is_zipfile(path) else kind_of_file(path)
        if kind is not None:
            raise ImportFailed(f"'{path}' is {kind.name}, not a whole package zip. {kind.advice}".rstrip(" ."))
        keys = {} if options.unsigned else load_public_keys(options.keys)
        trusted = None if options.unsigned else lambda message, signature: verify(message, signature, keys) is not None
        manifest = install_package_zip(path, options.models, trusted).manifest
    except UntrustedPackage as error:
        raise ImportFailed(f"'{path}': {error.where} {error.problem}; --unsigned accepts it as it is") from None
    except PackageError as error:
        raise ImportFailed(f"'{path}': {error.where}: {error.problem}") from None
    except KeyFileError as error:
        raise ImportFailed(f"'{options.keys}': {error}") from None
    except OSError as error:
        raise ImportFailed(f"'{options.models}': {error}") from None
    say(f"{manifest.name} {manifest.version} is installed in {options.models}")
    return exit_codes.DONE


# A package is made for minutes: what it is called is checked before.
def _name(text: str) -> str:
    if not re.fullmatch(MODEL_NAME, text):
        raise argparse.ArgumentTypeError(f"'{text}': expected letters, digits, '.', '_', '-'; up to 64")
    return text


def _version(text: str) -> str:
    if not re.fullmatch(MODEL_VERSION, text):
        raise argparse.ArgumentTypeError(f"'{text}': expected three numbers with dots between, such as 1.0.0")
    return text


def _licence(text: str) -> str:
    if len(text) > MAX_TEXT:
        raise argparse.ArgumentTypeError(f"is {len(text)} characters long; up to {MAX_TEXT} are accepted")
    return text
