#!/bin/sh
# Prepares a fresh Debian / Ubuntu machine: system packages that are missing (apt), a virtual environment in .venv.
# Usage: ./setup.sh run|test|build|peers|system|deb|image
# A second call finds everything done, needs no network and takes no time. The Python packages are those of locks/, by hash.
# system, deb, image: the packages alone, for `make install`, `make deb` and `make image`, which make environments of their own.
set -eu
cd "$(dirname "$0")"
usage="usage: ./setup.sh run|test|build|peers|system|deb|image"
profile=${1:?$usage}

# package: why. Each is needed because PyPI has no ready-made Linux build, or because it is no Python package at all.
run_packages="
libportaudio2:USB and desktop sound through PortAudio
libasound2-dev:sound through ALSA (pyalsaaudio is compiled here)
pkg-config:finds the ALSA headers
gcc:compiles pyalsaaudio
python3-dev:Python headers for pyalsaaudio
python3-venv:the virtual environment"
test_packages="
alsa-utils:arecord and aplay against the test sound card
libc6-dev:compiles the test sound card
flite:speaks test sentences
espeak-ng:speaks test sentences
mosquitto:a real MQTT broker (Debian also starts it as a service, on localhost:1883)
mosquitto-clients:the MQTT lines of the documentation
openssl:certificates for the broker's TLS
strace:proves that loading a model opens no socket
systemd-container:boots the installed service (systemd-nspawn)
chromium:a real browser for the page
chromium-driver:drives it
mmdebstrap:makes the small Debian that it boots in
groff-base:reads the manual page
zsh:completes
fdisk:partitions of the disk image
dosfstools:its EFI partition
mtools:and what is in it
grub-common:checks its GRUB menu"
# GRUB for PCs: an arm64 Debian has not all of it, and its tests are skipped there.
if [ "$(dpkg --print-architecture 2>/dev/null)" = amd64 ]; then
    test_packages="$test_packages
grub-pc-bin:starts it on a BIOS
grub-efi-amd64-bin:and on an EFI"
fi

# A file system of another distribution, and what emulates another processor.
root_packages="
mmdebstrap:makes root file systems
qemu-user-static:runs arm64 programs
binfmt-support:by themselves"
image_packages="
squashfs-tools:the read-only root
grub-pc-bin:starts it on a BIOS
grub-efi-amd64-bin:and on an EFI
grub-common:puts GRUB together
fdisk:partitions
dosfstools:the EFI partition
mtools:and what is in it
e2fsprogs:the data partition
openssl:signing keys
rauc:updates
qemu-system-x86:a PC to try it in
ovmf:its EFI"

case $profile in
deb) wanted=$run_packages$root_packages ;;
image) wanted=$run_packages$root_packages$image_packages ;;
run | system) wanted=$run_packages ;;
# What makes packages of models: torch (1.5 GB in all) and what else pyproject.toml lists as "build".
build) wanted=$run_packages ;;
test) wanted=$run_packages$test_packages ;;
# torch and the software that ours is compared with (2.3 GB in all): the tests that need them are skipped without.
peers) wanted=$run_packages$test_packages ;;
*) echo "$usage" >&2; exit 2 ;;
esac

# Each set-up is enough for those before it. The import fails where Python was upgraded or the checkout moved.
case $profile in
run) enough="run test build peers" ;;
build) enough="build peers" ;;
test) enough="test peers" ;;
peers) enough="peers" ;;
system | deb | image) enough="" ;;
esac
inputs=$(cat pyproject.toml setup.sh locks/*.txt daemon/visaged/__init__.py | cksum)
for name in $enough; do
    stamp=.venv/.set-up-for-$name
    if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$inputs" ] && .venv/bin/python -c 'import visaged' 2>/dev/null; then
        exit 0
    fi
done

missing=""
if command -v dpkg-query >/dev/null; then
    oldifs=$IFS
    IFS='
'
    for line in $wanted; do
        package=${line%%:*}
        if ! dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed'; then
            printf 'needs %-18s %s\n' "$package" "${line#*:}"
            missing="$missing $package"
        fi
    done
    IFS=$oldifs
else
    echo "This is neither Debian nor Ubuntu: install what these stand for yourself:$(echo "$wanted" | sed 's/:.*//' | tr '\n' ' ')" >&2
fi
if [ -n "$missing" ]; then
    as_root=""
    if [ "$(id -u)" -ne 0 ]; then
        as_root=sudo
        command -v sudo >/dev/null || { echo "not root and no sudo: run as root: apt-get install$missing" >&2; exit 69; }
    fi
    echo "installing with apt:$missing"
    # shellcheck disable=SC2086
    { $as_root apt-get update -qq &&
        $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null; } || {
        echo "apt could not install them: see above; is Debian's mirror within reach? Then the same command again" >&2
        exit 69; }
fi

case $profile in system | deb | image) exit 0 ;; esac

# The newest Python that the machine has; 3.10 is the oldest that we support (JetPack 6).
python=${PYTHON:-python3}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' || {
    echo "$("$python" -V) is too old: Python 3.10 or newer is needed (set PYTHON=/path/to/python3)" >&2; exit 69; }
# Without pip in it, .venv is missing or was left half made; venv completes it and removes nothing.
if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    echo "making .venv, a virtual environment of $("$python" -V)"
    "$python" -m venv .venv
fi
# Exactly what a lock says, by hash. --no-deps: the locks are complete (tests/locks). --no-build-isolation: what must be
# compiled here is compiled with the tools of locks/compile.txt; pip's own way fetches others, without a hash.
# --use-pep517: pyalsaaudio has no pyproject.toml; the old way to build it makes pip warn in red. PATH: cmake looks there.
pip_install() {
    PATH=$PWD/.venv/bin:$PATH .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --use-pep517 "$@"
}
failed() {
    echo "pip could not install $1: see above; is PyPI within reach? Then the same command again" >&2
    exit 69
}
echo "installing visaged and the Python packages of locks/$profile.txt into .venv (some 20 s on a fast line)"
pip_install --require-hashes -r locks/compile.txt || failed locks/compile.txt
case $profile in
build | peers)
    # The CPU build is not on PyPI. First where pip looks on this machine anyway (a mirror, a folder of wheels).
    pip_install --require-hashes -r locks/torch.txt 2>/dev/null ||
        pip_install --require-hashes -r locks/torch.txt --extra-index-url https://download.pytorch.org/whl/cpu ||
        failed "locks/torch.txt (from download.pytorch.org)"
    ;;
esac
pip_install --require-hashes -r "locks/$profile.txt" || failed "locks/$profile.txt"
if [ "$profile" = peers ]; then
    pip_install --require-hashes -r locks/moshi.txt || failed locks/moshi.txt
fi
pip_install --editable . || failed visaged
echo "$inputs" >.venv/.set-up-for-"$profile"
