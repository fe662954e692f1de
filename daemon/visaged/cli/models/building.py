"""``visaged models build``: TensorRT engines, on the box that will run them."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from visaged.cli.settings_arguments import add_settings_arguments
from visaged.config.load import find_file, load
from visaged.console import exit_codes
from visaged.console.progress import progress_bar
from visaged.console.say import say
from visaged.inference.engine_build import build_engine
from visaged.inference.engines import is_built, key_of
from visaged.inference.find import list_packages, search_roots
from visaged.inference.gpu import GpuMissing
from visaged.inference.manifest import Precision
from visaged.inference.package import Package, load_package

# The small model of every box runs faster on a CPU core than the way to the GPU takes.
_LEFT_OUT = "lipsync"


def add_build_arguments(action: argparse.ArgumentParser) -> None:
    """Add the options of ``build``."""
    action.add_argument(
        "folders", nargs="*", type=Path, metavar="DIR", help="packages (default: all on this box that use a GPU)"
    )
    action.add_argument("--precision", choices=("fp16", "fp32"), help="default: fp16 where the package has it")
    action.add_argument("--again", action="store_true", help="build also what is built already")
    add_settings_arguments(action)


def build(options: argparse.Namespace) -> int:
    """Build the engines that are missing. Raises ConfigError, PackageError, SessionError."""
    cache = load(find_file(options.config), options.set).inference.engine_cache
    packages = [load_package(folder) for folder in options.folders] or _installed()
    if not packages:
        print("nothing to build: no package on this box uses a GPU (name one: visaged models build DIR)")
        return exit_codes.DONE
    try:
        for package in packages:
            _build(package, _precision(package, options.precision), cache, options.again)
    except GpuMissing as error:
        print(
            f"engines are built on the box that runs them, and this one cannot: {error}. Without them, set "
            'inference.providers to ["auto"] or ["cpu"]',
            file=sys.stderr,
        )
        return exit_codes.UNAVAILABLE
    except OSError as error:
        print(f"'{cache}' (inference.engine_cache) cannot be written: {error}", file=sys.stderr)
        return exit_codes.FAILED
    return exit_codes.DONE


def _installed() -> list[Package]:
    found = [package for root in search_roots() for package in list_packages(root)[0]]
    return [package for package in found if package.manifest.kind != _LEFT_OUT]


def _precision(package: Package, asked: str | None) -> Precision:
    return package.choose(asked or ("fp16" if "fp16" in package.manifest.files else "fp32"))


def _build(package: Package, precision: Precision, cache: Path, again: bool) -> None:
    key = key_of(package, precision)
    named = (
        f"{package.manifest.name} {package.manifest.version} {precision} for {key.gpu.name}, TensorRT {key.tensorrt}"
    )
    if is_built(cache, key) and not again:
        say(f"{named}: already built")
        return
    say(f"{named}: this takes minutes")
    with progress_bar() as report:
        report("building", 0.0)
        built = build_engine(package, precision, cache, key)
    print(
        f"built in {built.build_s:.0f} s, a step takes {built.step_ms:.2f} ms, differs from the CPU by "
        f'{built.difference:.3g}; use it with inference.providers = ["tensorrt"], inference.precision = "{precision}"'
    )
