#!/bin/sh
# Installs visaged as a service, or takes it away again. What `make install` and `make uninstall` call.
#
#   ./install.sh install     the program in /opt/visaged, units, user, folders; starts the service
#   ./install.sh uninstall   all of that away; settings, capsules and models stay
#   ./install.sh purge       those, too
#
# In the environment:
#   DESTDIR=/somewhere   installs into a file system tree that another machine will boot (a package, an image): nothing
#                        is started, and the user is made at its first boot
#   PREFIX=/usr/local    where units, the command and documents go (a package says /usr)
#   PYTHON=/usr/bin/python3   the interpreter; with DESTDIR it must be the same one, at the same place, in that tree
#   EXTRAS=gpu           what else goes in, with commas between: clean (cancels echo and noise), media (M4A …),
#                        gpu, build (makes models)
#   NVIDIA=yes|no        let the service at NVIDIA's devices; else: if this machine has them
#
# The packages are those of locks/, by hash. Nothing that is installed is touched before its successor is complete; a second call with the same sources does nothing.
set -eu
cd "$(dirname "$0")"
action=${1:-}
DESTDIR=${DESTDIR:-} PREFIX=${PREFIX:-/usr/local} EXTRAS=${EXTRAS:-}
PYTHON=${PYTHON:-/usr/bin/python3}
home=/opt/visaged
units=$DESTDIR$PREFIX/lib/systemd/system
services="visaged.service visaged-models-build.service visaged-retry.timer"
# Started by whoever has several faces on a box.
templates="visaged@.service"
data="/etc/visaged /var/lib/visaged /var/cache/visaged"
changed=no

say() { echo "visaged: $*"; }
die() { echo "visaged: $*" >&2; exit 1; }

# Whether there is a running systemd that the changes concern.
live() { [ -z "$DESTDIR" ] && [ -d /run/systemd/system ]; }

need_root() {
    [ -n "$DESTDIR" ] || [ "$(id -u)" -eq 0 ] || die "$1 needs root: sudo make $1"
}

check_extras() {
    for extra in $(echo "$EXTRAS" | tr ',' ' '); do
        case $extra in
        build | clean | gpu | media) ;;
        *) die "EXTRAS=$EXTRAS: $extra is none of build, clean, gpu, media" ;;
        esac
    done
}

check_python() {
    [ -x "$PYTHON" ] || die "there is no $PYTHON: apt-get install python3 python3-venv, or set PYTHON"
    case $(readlink -f "$PYTHON") in
    /home/* | /root/*) die "$PYTHON lies in a home folder, which the service cannot see: set PYTHON=/usr/bin/python3" ;;
    esac
    "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
        die "$("$PYTHON" -V) is too old: Python 3.10 or newer is needed (set PYTHON)"
}

# What the installed program was made from; the same again means that there is nothing to do.
fingerprint() {
    { "$PYTHON" -V; echo "$EXTRAS"; find daemon locks pyproject.toml -type f ! -name '*.pyc' -print0 | sort -z | xargs -0 cksum; } | cksum
}

# Every wheel that goes in, checked against its hash or built here from a source that was, into $wheels. The tools that
# build stay out of what is installed; pip's own way would fetch others for it, without a hash.
download_wheels() {
    unreachable="see above; is PyPI within reach? Nothing was changed"
    "$PYTHON" -m venv "$tools"
    "$tools/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
        -r locks/compile.txt || die "pip could not install locks/compile.txt: $unreachable"
    set -- -r locks/run.txt
    for extra in $(echo "$EXTRAS" | tr ',' ' '); do set -- "$@" -r "locks/$extra.txt"; done
    pip_wheel --require-hashes "$@" || die "pip could not get the packages of locks/: $unreachable"
    case ,$EXTRAS, in
    *,build,*)
        # The CPU build is not on PyPI. First where pip looks on this machine anyway.
        pip_wheel --require-hashes -r locks/torch.txt 2>/dev/null ||
            pip_wheel --require-hashes -r locks/torch.txt --extra-index-url https://download.pytorch.org/whl/cpu ||
            die "pip could not get torch from download.pytorch.org: $unreachable"
        ;;
    esac
    pip_wheel . || die "visaged could not be built: see above. Nothing was changed"
}

pip_wheel() {
    PATH=$tools/bin:$PATH "$tools/bin/python" -m pip wheel --quiet --disable-pip-version-check --no-deps \
        --no-build-isolation --use-pep517 --wheel-dir "$wheels" "$@"
}

install_program() {
    wanted=$(fingerprint)
    if [ "$(cat "$DESTDIR$home/.made-from" 2>/dev/null || :)" = "$wanted" ]; then
        say "$home is up to date"
        return
    fi
    new=$DESTDIR$home.new
    rm -rf "$new"
    mkdir -p "$(dirname "$new")"
    tools=$DESTDIR$home.tools wheels=$DESTDIR$home.wheels
    rm -rf "$tools" "$wheels"
    # An interrupted or failed installation leaves what runs as it is.
    trap 'rm -rf "$new" "$tools" "$wheels"' EXIT
    trap 'exit 130' INT TERM
    say "making $home with $("$PYTHON" -V) (packages come from PyPI: a minute or so)"
    "$PYTHON" -m venv "$new" || die "no virtual environment: apt-get install python3-venv"
    download_wheels
    # By name: of a path pip would keep a note in what it installs.
    pins=$(cd "$wheels" && printf '%s\n' *.whl | sed 's/^\([^-]*\)-\([^-]*\)-.*/\1==\2/')
    # shellcheck disable=SC2086
    "$new/bin/python" -m pip install --quiet --disable-pip-version-check --no-warn-script-location --no-deps --no-index \
        --find-links "$wheels" $pins || die "pip could not install it: see above. Nothing was changed"
    rm -rf "$tools" "$wheels"
    # The scripts name the folder that they were made in.
    grep -rlIF "$new" "$new/bin" | xargs -r sed -i "s|$new|$home|g"
    sed -i "s|$new|$home|g" "$new/pyvenv.cfg"
    PYTHONDONTWRITEBYTECODE=1 "$new/bin/python" -I -m visaged --version >/dev/null || die "what was installed does not run"
    echo "$wanted" >"$new/.made-from"
    # mkdir and venv take the mode from this shell's umask; the service is another user.
    chmod -R go+rX,go-w "$new"
    rm -rf "$DESTDIR$home.old"
    [ ! -e "$DESTDIR$home" ] || mv "$DESTDIR$home" "$DESTDIR$home.old"
    mv "$new" "$DESTDIR$home"
    rm -rf "$DESTDIR$home.old"
    trap - EXIT INT TERM
    rm -f "$DESTDIR/var/cache/visaged/engines/.built"
    changed=yes
}

has_nvidia() {
    case ${NVIDIA:-} in
    yes) return 0 ;;
    no) return 1 ;;
    *) [ -z "$DESTDIR" ] && { [ -e /dev/nvmap ] || [ -e /dev/nvidiactl ]; } ;;
    esac
}

# Copies what the service reads unless it is there already, so that the same again restarts nothing.
put() {
    cmp -s "$1" "$2" && return
    install -D -m 644 "$1" "$2"
    changed=yes
}

# What the installed program writes about itself.
install_from() {
    written=$1
    shift
    mkdir -p "$(dirname "$written")"
    PYTHONDONTWRITEBYTECODE=1 "$DESTDIR$home/bin/python" -I -m "$@" >"$written"
}

install_system() {
    for unit in $services $templates; do put "systemd/$unit" "$units/$unit"; done
    put systemd/visaged.sysusers "$DESTDIR$PREFIX/lib/sysusers.d/visaged.conf"
    put systemd/visaged.tmpfiles "$DESTDIR$PREFIX/lib/tmpfiles.d/visaged.conf"
    for service in visaged visaged-models-build; do
        if has_nvidia; then
            put systemd/nvidia.conf "$units/$service.service.d/nvidia.conf"
        elif [ -e "$units/$service.service.d/nvidia.conf" ]; then
            rm "$units/$service.service.d/nvidia.conf"
            changed=yes
        fi
    done
    mkdir -p "$DESTDIR$PREFIX/bin"
    ln -sfn "$home/bin/visaged" "$DESTDIR$PREFIX/bin/visaged"
    install -D -m 644 LICENSE "$DESTDIR$PREFIX/share/doc/visaged/LICENSE"
    install_from "$DESTDIR$PREFIX/share/man/man1/visaged.1" visaged.cli.man_page
    install_from "$DESTDIR$PREFIX/share/bash-completion/completions/visaged" visaged.cli.completion bash
    # Debian's zsh looks here; on other systems the folder is on nobody's way.
    install_from "$DESTDIR$PREFIX/share/zsh/vendor-completions/_visaged" visaged.cli.completion zsh
}

install_settings() {
    config=$DESTDIR/etc/visaged/visaged.toml
    install -d -m 750 "$DESTDIR/etc/visaged"
    if [ -e "$config" ]; then
        say "keeping /etc/visaged/visaged.toml"
    else
        "$DESTDIR$home/bin/python" -I -m visaged config init "$config" >/dev/null
        # There is nothing secret in it, and the service, which is not yet a user here, must read it.
        chmod 644 "$config"
        say "wrote /etc/visaged/visaged.toml: every setting with its default, as comments"
    fi
}

enable_services() {
    if ! live; then
        # Enabled for the first boot of the tree.
        install -d "$DESTDIR/etc/systemd/system/multi-user.target.wants"
        for unit in visaged.service visaged-models-build.service; do
            ln -sfn "$PREFIX/lib/systemd/system/$unit" "$DESTDIR/etc/systemd/system/multi-user.target.wants/$unit"
        done
        return
    fi
    systemd-sysusers "$PREFIX/lib/sysusers.d/visaged.conf"
    systemd-tmpfiles --create "$PREFIX/lib/tmpfiles.d/visaged.conf"
    # The folder is the service's: it may have put a link there, which root must not follow.
    chown --no-dereference visaged:visaged /etc/visaged/visaged.toml
    systemctl daemon-reload
    systemctl --quiet enable visaged.service visaged-models-build.service
    if [ "$changed" = no ] && systemctl --quiet is-active visaged.service; then
        say "the same as before: the face goes on"
        return
    fi
    systemctl reset-failed visaged.service visaged-retry.timer 2>/dev/null || :
    systemctl restart visaged.service || die "the service does not start: journalctl -u visaged"
    systemctl try-restart "visaged@*.service" 2>/dev/null || :
    systemctl --no-block start visaged-models-build.service
    say "the face moves; watch it with: visaged monitor, and see: systemctl status visaged"
}

remove_all() {
    if live; then
        # What was never enabled or never ran is no error.
        systemctl --quiet disable --now $services 2>/dev/null || :
        systemctl stop "visaged@*.service" 2>/dev/null || :
    fi
    rm -f "$DESTDIR/etc/systemd/system/multi-user.target.wants/visaged.service" \
        "$DESTDIR/etc/systemd/system/multi-user.target.wants/visaged-models-build.service"
    for unit in $services $templates; do rm -f "$units/$unit"; rm -rf "$units/$unit.d"; done
    rm -f "$DESTDIR$PREFIX/lib/sysusers.d/visaged.conf" "$DESTDIR$PREFIX/lib/tmpfiles.d/visaged.conf"
    rm -f "$DESTDIR$PREFIX/bin/visaged" "$DESTDIR$PREFIX/share/man/man1/visaged.1" \
        "$DESTDIR$PREFIX/share/bash-completion/completions/visaged" \
        "$DESTDIR$PREFIX/share/zsh/vendor-completions/_visaged"
    rm -rf "$DESTDIR$PREFIX/share/doc/visaged" "$DESTDIR$home" "$DESTDIR$home.new" "$DESTDIR$home.old" \
        "$DESTDIR$home.tools" "$DESTDIR$home.wheels"
    if live; then systemctl daemon-reload; fi
}

case $action in
install)
    need_root install
    check_extras
    check_python
    install_program
    install_system
    install_settings
    enable_services
    ;;
uninstall)
    need_root uninstall
    remove_all
    say "removed; settings, capsules and models stay in$(for folder in $data; do printf ' %s' "$folder"; done) (make purge removes them)"
    ;;
purge)
    need_root purge
    remove_all
    for folder in $data; do rm -rf "$DESTDIR$folder"; done
    # The user stays, as Debian's packages leave theirs: files of its elsewhere must not become another's.
    say "removed with settings, capsules and models"
    ;;
*)
    sed -n '2,6s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
