#!/bin/sh
# Installs, upgrades and removes FreelanceOS. `./install.sh --help` says how.
set -eu
umask 022
called_in=$PWD
cd "$(dirname "$0")"

say() { printf '%s\n' "$*"; }
fail() {
    printf 'install.sh: %s\n' "$*" >&2
    exit 1
}
wrong() {
    printf 'install.sh: %s; see ./install.sh --help\n' "$*" >&2
    exit 2
}
has() { command -v "$1" > /dev/null 2>&1; }

mode='' from='' bin='' service=yes dry='' uninstall='' purge='' yes=''
while [ $# -gt 0 ]; do
    case $1 in
        --system | --user)
            [ -z "$mode" ] || [ "$mode" = "${1#--}" ] || wrong "--system and --user exclude each other"
            mode=${1#--}
            ;;
        --from | --binary)
            [ $# -ge 2 ] || wrong "$1 needs a file"
            case $2 in /*) from=$2 ;; *) from=$called_in/$2 ;; esac
            shift
            ;;
        --bin)
            [ $# -ge 2 ] || wrong "--bin needs a folder"
            case $2 in /*) bin=$2 ;; *) bin=$called_in/$2 ;; esac
            shift
            ;;
        --no-service) service='' ;;
        --dry-run) dry=yes ;;
        --uninstall) uninstall=yes ;;
        --purge) purge=yes ;;
        --yes | -y) yes=yes ;;
        -h | --help)
            cat install/help
            exit 0
            ;;
        *) wrong "there is no option $1" ;;
    esac
    shift
done
[ -z "$purge" ] || [ -n "$uninstall" ] || wrong "--purge goes with --uninstall"
[ -z "$yes" ] || [ -n "$purge" ] || wrong "--yes goes with --purge"
is_root=''
[ "$(id -u)" != 0 ] || is_root=yes
if [ -z "$mode" ]; then
    if [ -n "$is_root" ]; then mode=system; else mode=user; fi
fi

# The paths.
if [ "$mode" = system ]; then
    [ -n "$is_root" ] || [ -n "$dry" ] || fail "--system needs root: run it with sudo, or take --user"
    owner=freelanceos
    bin=${bin:-/usr/local/bin}
    settings=/etc/freelanceos/env
    default_data=/var/lib/freelanceos
    unit=/etc/systemd/system/freelanceos.service
    ctl='systemctl' journal='journalctl' as_root='sudo '
else
    [ -n "${HOME:-}" ] || fail "HOME is not set"
    owner=''
    bin=${bin:-$HOME/.local/bin}
    settings=${XDG_CONFIG_HOME:-$HOME/.config}/freelanceos/env
    default_data=${XDG_DATA_HOME:-$HOME/.local/share}/freelanceos
    unit=${XDG_CONFIG_HOME:-$HOME/.config}/systemd/user/freelanceos.service
    ctl='systemctl --user' journal='journalctl --user' as_root=''
    # After `su`, a user has a service manager but no variable that names its folder.
    if [ -z "${XDG_RUNTIME_DIR:-}" ] && [ -S "/run/user/$(id -u)/systemd/private" ]; then
        XDG_RUNTIME_DIR=/run/user/$(id -u)
        export XDG_RUNTIME_DIR
    fi
fi
program=$bin/freelanceos
runner=$bin/freelanceos-run
new=$bin/.freelanceos.new
old=$bin/.freelanceos.old

# The last value of a setting in the settings file.
setting() {
    [ -r "$settings" ] || return 0
    sed -n "s/^$1=//p" "$settings" | tail -n 1 | sed "s/^'\(.*\)'\$/\1/; s/^\"\(.*\)\"\$/\1/"
}
data=$(setting DATA_DIR)
data=${data:-$default_data}
database=$(setting DATABASE_URL)
database=${database#sqlite:}
database=${database#//}
database=${database:-$data/freelanceos.db}

managed=''
if [ -n "$service" ] && has systemctl; then
    if [ "$mode" = system ]; then
        [ ! -d /run/systemd/system ] || managed=yes
    elif systemctl --user show-environment > /dev/null 2>&1; then
        managed=yes
    fi
fi
manager() { $ctl "$@"; }

changed=''
# Runs a command, or prints it in a dry run.
act() {
    changed=yes
    if [ -n "$dry" ]; then say "would run: $*"; else "$@"; fi
}

# Creates a folder with that mode, and with the owner if one is given.
folder() {
    [ ! -d "$1" ] || return 0
    act mkdir -p "$1" || fail "cannot create the folder $1"
    act chmod "$2" "$1"
    [ -z "${3:-}" ] || act chown "$3" "$1"
}

# Writes standard input to a file with that mode and owner, unless it already has that content.
put() {
    text=$(cat)
    if [ -f "$1" ] && [ "$(cat "$1")" = "$text" ]; then return 0; fi
    changed=yes
    if [ -n "$dry" ]; then
        say "would write: $1"
        return 0
    fi
    { rm -f "$1.new" && (umask 077 && printf '%s\n' "$text" > "$1.new"); } || fail "cannot write $1"
    chmod "$2" "$1.new"
    [ -z "${3:-}" ] || chown "$3" "$1.new"
    mv -f "$1.new" "$1"
    say "wrote $1"
}

# Replaces the @NAMES@ in a file from install/, each through the function given second.
filled() {
    write=${2:-printf %s}
    sed "$(
        for pair in "PROGRAM=$program" "SETTINGS=$settings" "OWNER=$owner" "DATA=$default_data" \
            "DATA_IN_USE=$data" "CTL=$as_root$ctl" "RESTART=${3:-}"; do
            # shellcheck disable=SC2086 # A command and its first argument.
            value=$($write "${pair#*=}" | sed 's/[\\&|]/\\&/g')
            printf 's|@%s@|%s|g\n' "${pair%%=*}" "$value"
        done
    )" "$1"
}

# Fails unless that many KiB are free on the disk of a folder.
need_space() {
    at=$1
    while [ ! -d "$at" ]; do at=$(dirname "$at"); done
    free=$(df -Pk "$at" | awk 'NR == 2 { print $4 }')
    [ "$free" -ge "$2" ] || fail "$1 needs $(($2 / 1024 + 1)) MiB, but only $((free / 1024)) MiB are free there"
}
kib() { echo $(($(wc -c < "$1") / 1024 + 1)); }

remove() {
    for file in "$@"; do
        [ ! -e "$file" ] || act rm -f "$file"
    done
}

if [ -n "$uninstall" ]; then
    . install/remove.sh
fi

# ---------------------------------------------------------------- the executable

clean_up() { rm -f "$new" "$settings.new" "$unit.new" "$runner.new"; }
[ -n "$dry" ] || trap clean_up EXIT
trap 'exit 1' HUP INT TERM

if [ -n "$from" ]; then
    [ -f "$from" ] || fail "no such file: $from"
    [ -x "$from" ] || fail "$from is not executable; try: chmod +x $from"
    built=$from
else
    # A build as root would leave files that the folder's owner cannot replace.
    builder=''
    if [ -n "$is_root" ] && [ -n "${SUDO_USER:-}" ] && [ "$SUDO_USER" != root ] && has sudo; then
        builder="sudo -H -u $SUDO_USER"
    fi
    built=${CARGO_TARGET_DIR:-target}/release/freelanceos
    if [ -n "$dry" ]; then
        say "would run: cargo build --release --locked"
    else
        # shellcheck disable=SC2016 # The builder's own shell reads its HOME.
        with_cargo='[ ! -f "$HOME/.cargo/env" ] || . "$HOME/.cargo/env"; '
        $builder sh -c "$with_cargo command -v cargo" > /dev/null ||
            fail "Rust is missing; install it from https://rustup.rs, or name a built executable with --from"
        has cc || fail "a C compiler is missing; install gcc or clang (Debian: apt install gcc libc6-dev)"
        say "Building FreelanceOS. The first build takes several minutes."
        $builder sh -c "$with_cargo CARGO_TARGET_DIR='${CARGO_TARGET_DIR:-target}' exec cargo build --release --locked"
        [ -x "$built" ] || fail "the build did not create $built"
    fi
fi

new_version='' replace=yes
if [ -x "$built" ]; then
    new_version=$("$built" --version 2>&1) || fail "$built does not run on this machine:
$new_version
Build it here: ./install.sh without --from"
    case $new_version in
        "freelanceos "*) new_version=${new_version#freelanceos } ;;
        *) fail "$built is not FreelanceOS: its --version prints '$new_version'" ;;
    esac
    ! cmp -s "$built" "$program" 2> /dev/null || replace=''
    [ -z "$replace" ] || need_space "$bin" $(($(kib "$built") * 2))
fi
if [ -n "$replace" ] && [ -f "$database" ]; then need_space "$data" "$(kib "$database")"; fi

# ---------------------------------------------------------------- user, folders, settings

if [ -n "$owner" ] && ! id "$owner" > /dev/null 2>&1; then
    nologin=$(command -v nologin || echo /sbin/nologin)
    if has useradd; then
        act useradd --system --user-group --no-create-home --home-dir "$default_data" --shell "$nologin" "$owner"
    else
        # The BusyBox variant.
        act addgroup -S "$owner"
        act adduser -S -D -H -h "$default_data" -s "$nologin" -G "$owner" "$owner"
    fi
fi
owns=${owner:+$owner:$owner}
folder "$bin" 755
folder "$data" 700 "$owns"
folder "${settings%/*}" 755
if [ ! -e "$settings" ]; then
    if [ "$mode" = system ]; then settings_mode=640; else settings_mode=600; fi
    if [ -n "$managed" ]; then restart="$as_root$ctl restart freelanceos"; else restart="stop and start freelanceos"; fi
    put "$settings" "$settings_mode" "${owner:+root:$owner}" <<TEXT
$(filled install/env "" "$restart")
TEXT
fi

# Quotes a path for a shell, and for a unit.
for_shell() { printf "'%s'" "$(printf %s "$1" | sed "s/'/'\\\\''/g")"; }
for_unit() { printf %s "$1" | sed 's/%/%%/g'; }

put "$runner" 755 <<TEXT
$(filled install/freelanceos-run for_shell)
TEXT

# ---------------------------------------------------------------- the service

unit_text() {
    filled install/common.service for_unit
    filled "install/$mode.service" for_unit
}

# Prints the URL of the running server; nothing if it is unknown.
address() {
    listen=$(setting LISTEN)
    listen=${listen%%,*}
    port=$(setting PORT)
    listen=${listen:-127.0.0.1:${port:-5000}}
    scheme=http
    [ -z "$(setting TLS_CERT)$(setting TLS_CERT_FILE)$(setting ACME_DOMAIN)" ] || scheme=https
    case $listen in
        *:0) ;;
        0.0.0.0:*) echo "$scheme://127.0.0.1:${listen##*:}" ;;
        '[::]':*) echo "$scheme://[::1]:${listen##*:}" ;;
        *) echo "$scheme://$listen" ;;
    esac
}

# Waits until the server responds. Without an HTTP client, the "ready" notification to the service
# manager must be enough.
is_healthy() {
    at=$(address)
    [ -n "$at" ] || return 0
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
        if has curl; then
            ! curl -kfsg --noproxy '*' --max-time 5 -o /dev/null "$at/healthz" || return 0
        elif has wget; then
            ! wget -q --no-check-certificate -T 5 -O /dev/null "$at/healthz" || return 0
        else
            return 0
        fi
        [ "$(manager is-active freelanceos)" = active ] || return 1
        sleep 1
    done
    return 1
}

# Restarts the service and waits until it responds.
start() {
    manager reset-failed freelanceos > /dev/null 2>&1 || true
    manager restart freelanceos > /dev/null 2>&1 && is_healthy
}

last_words() {
    $journal -u freelanceos -n 8 --no-pager -o cat 2> /dev/null | sed 's/^/    /' >&2
}

state=new
if [ -n "$managed" ] && [ -f "$unit" ]; then state=$(manager is-active freelanceos || true); fi

backup=''
if [ -n "$replace" ] && [ -z "$dry" ]; then
    cp "$built" "$new" || fail "cannot write to $bin"
    chmod 755 "$new"
    case $database in
        postgres://* | postgresql://*)
            FREELANCEOS_PROGRAM=$new "$runner" migrate --dry-run > /dev/null ||
                fail "version $new_version cannot use the database of DATABASE_URL; nothing was changed"
            say "The database is on a server and was not backed up here; see freelanceos doctor"
            ;;
    esac
    if [ -f "$database" ]; then
        FREELANCEOS_PROGRAM=$new "$runner" migrate --dry-run > /dev/null ||
            fail "version $new_version cannot use the database in $data; nothing was changed"
        if [ -x "$program" ]; then
            folder "$data/backups" 700 "$owns"
            # Another backup may have been made in the same second.
            backup=$data/backups/before-$new_version-$(date -u +%Y%m%dT%H%M%SZ)
            while [ -e "$backup.db" ]; do backup=$backup-again; done
            backup=$backup.db
            "$runner" backup "$backup" > /dev/null ||
                fail "the database could not be backed up; nothing was changed"
            say "Backed up the database: $backup"
        fi
    fi
    # Keep the old one under another name, and rename: there is always a complete executable.
    rm -f "$old"
    [ ! -f "$program" ] || ln "$program" "$old" 2> /dev/null || cp -p "$program" "$old"
    mv -f "$new" "$program"
    changed=yes
elif [ -n "$replace" ]; then
    act cp "$built" "$program"
fi

# Restores the old version, and its database if the new one had changed the schema.
put_back() {
    printf 'install.sh: version %s did not start:\n' "$new_version" >&2
    last_words
    if [ ! -f "$old" ]; then
        fail "fix the problem above (settings are in $settings), then run: $as_root$ctl restart freelanceos"
    fi
    manager stop freelanceos > /dev/null 2>&1 || true
    mv -f "$old" "$program"
    if [ -n "$backup" ] && ! "$runner" migrate --dry-run > /dev/null 2>&1; then
        "$runner" restore --yes "$backup" >&2 ||
            fail "the old version was restored, but not its database; the backup is $backup"
    fi
    if start; then fail "the old version was restored and is running; your data is unchanged"; fi
    last_words
    fail "the old version was restored but does not start either; see: $as_root$journal -u freelanceos"
}

if [ -n "$managed" ]; then
    folder "${unit%/*}" 755
    text=$(unit_text)
    new_unit=''
    if [ ! -f "$unit" ] || [ "$(cat "$unit")" != "$text" ]; then new_unit=yes; fi
    put "$unit" 644 <<UNIT
$text
UNIT
    [ -z "$new_unit" ] || act manager daemon-reload
    [ "$state" != new ] || act manager enable --quiet freelanceos
    # An earlier run may have been interrupted before the restart.
    running=$(readlink "/proc/$(manager show -p MainPID --value freelanceos)/exe" 2> /dev/null || true)
    case $running in *' (deleted)') state=stale ;; esac
    if [ "$state" = inactive ]; then
        say "The service was stopped and stays stopped."
    elif [ -n "$replace$new_unit" ] || [ "$state" != active ]; then
        if [ -n "$dry" ]; then
            say "would run: $ctl restart freelanceos, and wait until it answers"
        else
            changed=yes
            start || put_back
        fi
    fi
fi
if [ -n "$dry" ]; then
    [ -n "$changed" ] || say "There is nothing to change."
    exit 0
fi
rm -f "$old"

# ---------------------------------------------------------------- next steps

if [ -z "$changed" ]; then
    say "FreelanceOS $new_version is already installed; nothing to change."
    exit 0
fi
say ""
say "FreelanceOS $new_version is installed: $program"
if [ -n "$managed" ] && [ "$state" != inactive ]; then
    say "It is running, and starts with $([ "$mode" = system ] && echo 'the machine' || echo 'your session')."
    at=$(address)
    say "Open:       $(setting PUBLIC_URL | grep . || printf %s "${at:-see the log}" | sed 's/127\.0\.0\.1/localhost/')"
    say "Log:        $as_root$journal -u freelanceos"
    if [ "$mode" = user ] && has loginctl; then
        say "To keep it running while you are signed out:  sudo loginctl enable-linger $(id -un)"
    fi
elif [ -z "$managed" ]; then
    say "Start it:   $as_root$runner serve      (a running server keeps its old version until you restart it)"
    say "Open:       http://localhost:5000"
fi
say "Settings:   $settings"
say "Data:       $data"
say "Check:      $as_root$runner doctor"
case :$PATH: in
    *:"$bin":*) ;;
    *) say "Add it to your PATH:  export PATH=\"$bin:\$PATH\"" ;;
esac
