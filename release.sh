#!/bin/sh
# Makes a release of what is committed. What `make release` calls.
#
#   ./release.sh [PART…]      wheel, deb, image; default: wheel deb
#
# The version is that of daemon/visaged/__init__.py; CHANGELOG.md must have a section for it. Results and SHA256SUMS go to
# dist/. The tag comes last: what could not be built has none. Pushing is left to you.
#
# In the environment:
#   SUITES="bookworm noble"   distributions to make the Debian package for; default: this machine's own (see image/root.sh)
#   KEYS=FOLDER               signs the image's updates; without, no image is made
#   PYTHON=…                  an interpreter that has hatchling; default: that of .venv, which is set up
set -eu
cd "$(dirname "$0")"
die() { echo "release: $*" >&2; exit 1; }

[ $# -gt 0 ] || set -- wheel deb
for part in "$@"; do
    case $part in
    wheel | deb | image) ;;
    *) die "$part is none of wheel, deb, image" ;;
    esac
done

version=$(sed -n 's/^__version__ = "\(.*\)"$/\1/p' daemon/visaged/__init__.py)
declared=$(sed -n 's/^version = "\(.*\)"$/\1/p' pyproject.toml)
[ -n "$version" ] && [ "$version" = "$declared" ] ||
    die "daemon/visaged/__init__.py says $version, pyproject.toml says $declared: make them the same"
[ -z "$(git status --porcelain)" ] || die "there are changes that are not committed: git status"
if git rev-parse --quiet --verify "refs/tags/v$version" >/dev/null; then
    die "v$version is tagged already: raise the version in pyproject.toml and daemon/visaged/__init__.py"
fi
# From its heading to the next one, or to the links at the end.
notes=$(awk -v head="## [$version] - " '/^\[/ || /^## / { on = index($0, head) == 1; next } on' CHANGELOG.md)
[ -n "$notes" ] || die "CHANGELOG.md has no section '## [$version] - DATE'"

# The same commit gives the same wheel.
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
mkdir -p dist
# What an earlier try or another commit made would be summed, too.
rm -f dist/visaged[-_]"$version"[-+.]* dist/SHA256SUMS
for part in "$@"; do
    case $part in
    wheel)
        if [ -z "${PYTHON:-}" ]; then
            ./setup.sh test
            PYTHON=.venv/bin/python
        fi
        "$PYTHON" -m hatchling build -t wheel -t sdist -d dist >/dev/null
        ;;
    deb)
        if [ -z "${SUITES:-}" ]; then
            make --no-print-directory deb
        else
            for suite in $SUITES; do make --no-print-directory deb SUITE="$suite"; done
        fi
        ;;
    image) make --no-print-directory image ;;
    esac
done
(cd dist && sha256sum visaged[-_]"$version"[-+.]* >SHA256SUMS)
git tag --annotate --cleanup=verbatim "v$version" --message "visaged $version

$notes"
cat dist/SHA256SUMS
echo "release: tagged v$version. To publish it: git push origin v$version, and give out what is in dist/"
