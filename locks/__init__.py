"""The exact packages, with hashes, that every environment of the project is made of, and what writes them.

pyproject.toml says what may be installed beside visaged as a library. ``locks/NAME.txt`` says what setup.sh,
install.sh, the Debian package and the image do install: the same on every machine, on any day. `make lock` writes them.
"""
