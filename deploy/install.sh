#!/usr/bin/env bash
# Installs wakeful as a service: user, virtual environment, networks, udev rules, systemd unit. Run it as often as you
# like, it only does what is not done. From a wheelhouse (`make wheelhouse`) it needs no network; from a checkout it asks
# the package index.
set -euo pipefail
export LC_ALL=C
umask 022

opt=/opt/wakeful etc=/etc/wakeful
state=(/var/lib/wakeful /var/log/wakeful)
unit=/etc/systemd/system/wakeful.service
hexagon=$unit.d/hexagon.conf
dsp=(/dev/fastrpc-cdsp /dev/fastrpc-cdsp-secure /dev/adsprpc-smd)
rules=/etc/udev/rules.d/70-wakeful.rules
launcher=/usr/local/bin/wakeful
groups=(video dialout gpio render)
made=$etc/groups-made # groups that this board lacked
extras=record,can,mqtt

usage() {
    cat <<END
usage: install.sh [--models FOLDER] [--python PYTHON] [--no-start]
       install.sh --uninstall [--purge]

  --models FOLDER  take networks from a folder too, as face_landmarker.task
  --python PYTHON  the Python 3.11 or newer to run on (default python3)
  --no-start       install and enable the service, but start it with the next boot
  --uninstall      remove it; keep $etc, ${state[*]} and the user wakeful
  --purge          with --uninstall: remove those too
END
}

main() {
    here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
    local action=install
    models='' python=python3 start=yes purge=no changed=no
    while [ $# -gt 0 ]; do
        case $1 in
            --models | --python)
                [ -n "${2-}" ] || die "$1 needs a value (see --help)" 2
                printf -v "${1#--}" %s "$2"
                shift
                ;;
            --no-start) start=no ;;
            --uninstall) action=uninstall ;;
            --purge) purge=yes ;;
            -h | --help) usage && exit ;;
            *) die "unknown option $1 (see --help)" 2 ;;
        esac
        shift
    done
    [ "$purge" = no ] || [ "$action" = uninstall ] || die "--purge goes with --uninstall" 2
    [ "$(id -u)" = 0 ] || die "this writes to $opt, /etc and systemd: run it with sudo"
    if [ $action = install ]; then install; else uninstall; fi
}

install() {
    check
    make_user
    make_environment
    fetch_networks
    put_files
    start_service
    # A board is switched off by its ignition: nothing of this may be only in memory.
    sync -f "$opt" "$etc" "${unit%/*}" "${launcher%/*}"
    say "installed; settings: $etc/wakeful.toml, state: systemctl status wakeful"
}

check() {
    [ -d "$here/wheels" ] || [ -f "$here/../pyproject.toml" ] || die "run it from a wheelhouse or a checkout of wakeful"
    command -v "$python" >/dev/null || die "there is no $python: apt install python3"
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        die "wakeful needs Python 3.11 or newer, $python is $("$python" -V): name another with --python"
    [ ! -d "$here/wheels" ] || (cd "$here" && sha256sum --check --quiet --strict SHA256SUMS) ||
        die "$here is damaged: copy it here again, all of it"
}

make_user() {
    local group
    mkdir -p "$etc"
    for group in "${groups[@]}"; do
        if ! getent group "$group" >/dev/null; then
            groupadd --system "$group"
            echo "$group" >>"$made"
        fi
    done
    getent passwd wakeful >/dev/null ||
        useradd --system --user-group --home-dir "${state[0]}" --no-create-home --shell /usr/sbin/nologin wakeful
    # The last owns the way to Qualcomm's DSP, where Debian's package for it is installed.
    for group in "${groups[@]}" fastrpc; do
        getent group "$group" >/dev/null || continue
        id -nG wakeful | grep -qw "$group" || usermod --append --groups "$group" wakeful
    done
}

# Each set of packages has a folder of its own, and a link says which one holds: an installation that is cut short
# leaves the old one running.
make_environment() {
    local new old
    new=$opt/venv-$(fingerprint | sha256sum | cut -c1-12)
    if [ ! -f "$new/.complete" ]; then
        say "installing packages into $new"
        mkdir -p "$opt"
        rm -rf "$new"
        fill "$new"
        sync -f "$new"
        touch "$new/.complete"
    fi
    if [ "$(readlink "$opt/venv" || true)" != "${new##*/}" ]; then
        changed=yes
        ln -sfn "${new##*/}" "$opt/.venv"
        mv -T "$opt/.venv" "$opt/venv"
    fi
    for old in "$opt"/venv-*; do
        [ "$old" = "$new" ] || rm -rf "$old"
    done
}

# What an environment is made from, so that another gets another folder.
fingerprint() {
    "$python" -VV
    if [ -d "$here/wheels" ]; then
        cat "$here/SHA256SUMS"
    else
        cd "$here/.."
        find pyproject.toml wakeful sensors device models conversion deploy -type f ! -path '*__pycache__*' -print0 |
            sort -z | xargs -0 sha256sum
    fi
}

fill() {
    local from=() copy=''
    if [ -d "$here/wheels" ]; then
        from=(--isolated --no-index --find-links "$here/wheels" "wakeful[$(cat "$here/extras")]")
        "$python" "$here/virtual_environment.py" "$1" "$here/wheels"
    else
        # Building leaves files behind, which should not be root's in somebody's checkout.
        copy=$(mktemp -d)
        (cd "$here/.." && cp -r pyproject.toml README.md LICENSE wakeful sensors device models conversion deploy "$copy")
        from=("${copy}[$extras]")
        "$python" "$here/virtual_environment.py" "$1"
    fi
    # With SOURCE_DATE_EPOCH compiled files carry hashes instead of times: the same packages give the same files.
    SOURCE_DATE_EPOCH=315532800 "$1/bin/python" -m pip install --quiet --no-input --no-cache-dir \
        --disable-pip-version-check --root-user-action ignore "${from[@]}"
    rm -rf "${copy:-$1/.none}"
}

# Each network's sha256 is checked on its way in, and all of them once more at the end.
fetch_networks() {
    local file pull=("$opt/venv/bin/wakeful" models pull --quiet)
    export WAKEFUL_MODELS=$opt/models PYTHONDONTWRITEBYTECODE=1
    mkdir -p "$WAKEFUL_MODELS"
    if [ -d "$here/models" ] && [ -d "$here/wheels" ]; then
        for file in "$here"/models/*; do
            cmp -s "$file" "$WAKEFUL_MODELS/${file##*/}" || { "${pull[@]}" --from "$here/models" && break; }
        done
    else
        "${pull[@]}"
    fi
    [ -z "$models" ] || "${pull[@]}" --from "$models"
    "$opt/venv/bin/wakeful" models verify >/dev/null || die "a network is missing or wrong: wakeful models verify" 4
}

put_files() {
    put "$here/systemd/wakeful.service" "$unit"
    put "$here/udev/70-wakeful.rules" "$rules"
    put_hexagon
    [ "$here" = "$opt" ] || put "$here/install.sh" "$opt/install.sh" 0755
    # shellcheck disable=SC2016  # the launcher expands them, not we
    printf '#!/bin/sh\nexport WAKEFUL_MODELS="${WAKEFUL_MODELS:-%s}"\nexec %s "$@"\n' \
        "$opt/models" "$opt/venv/bin/wakeful" | put - "$launcher" 0755
    if [ ! -e "$etc/wakeful.toml" ]; then
        put "$here/wakeful.toml" "$etc/wakeful.toml" 0640
        chgrp wakeful "$etc/wakeful.toml"
    fi
}

# systemd complains at each start about a device that it should allow and that is not there.
put_hexagon() {
    local node found=''
    for node in "${dsp[@]}"; do
        [ ! -e "$node" ] || found+="DeviceAllow=$node rw"$'\n'
    done
    [ -z "$found" ] ||
        put <(printf '# Written by install.sh: the nodes of the DSP that were there.\n[Service]\n%s' "$found") "$hexagon"
}

# Under its name only when it is whole, on the disk too.
put() { # FILE|- TARGET [MODE]
    local part=$2.part
    mkdir -p "${2%/*}"
    cat "$1" >"$part"
    chmod "${3:-0644}" "$part"
    if cmp -s "$part" "$2"; then
        rm "$part"
    else
        changed=yes
        sync "$part"
        mv "$part" "$2"
    fi
}

start_service() {
    if [ -e /run/udev/control ] && [ "$changed" = yes ]; then
        udevadm control --reload
        udevadm trigger --subsystem-match=video4linux --subsystem-match=tty --subsystem-match=gpio
    fi
    if ! command -v systemctl >/dev/null; then
        say "there is no systemd here: start it with $launcher run --config $etc/wakeful.toml"
        return
    fi
    systemctl --quiet enable wakeful.service
    if [ ! -d /run/systemd/system ]; then
        say "systemd does not run here: the service starts with the next boot"
    elif [ "$start" = yes ]; then
        systemctl daemon-reload
        # Not waited for: a camera that is not plugged in yet must not hold up an installation.
        if [ "$changed" = yes ]; then systemctl --no-block restart wakeful; else systemctl --no-block start wakeful; fi
    fi
}

uninstall() {
    if command -v systemctl >/dev/null && [ -e "$unit" ]; then
        if [ -d /run/systemd/system ]; then systemctl --quiet stop wakeful.service || true; fi
        systemctl --quiet disable wakeful.service
    fi
    rm -f "$unit" "$rules" "$launcher" "$hexagon"
    rmdir --ignore-fail-on-non-empty "$unit.d" 2>/dev/null || true
    rm -rf "$opt"
    [ ! -d /run/systemd/system ] || systemctl daemon-reload
    [ ! -e /run/udev/control ] || udevadm control --reload
    if [ "$purge" = yes ]; then
        purge
    else
        say "removed; kept: $etc ${state[*]} and the user wakeful (--uninstall --purge removes them)"
    fi
}

purge() {
    local group
    ! getent passwd wakeful >/dev/null || userdel wakeful
    if [ -f "$made" ]; then
        while read -r group; do
            ! getent group "$group" >/dev/null || groupdel "$group"
        done <"$made"
    fi
    rm -rf "$etc" "${state[@]}" "$unit.d"
    say "removed, with its settings, state and user"
}

say() { echo "wakeful: $1"; }

die() {
    echo "wakeful: $1" >&2
    exit "${2:-1}"
}

main "$@"
exit
