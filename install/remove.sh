# The part of install.sh that removes; it runs as a part of it.
# shellcheck shell=sh disable=SC2154

if [ -n "$purge" ] && [ -z "$yes" ] && [ -z "$dry" ]; then
    [ -t 0 ] || fail "--purge removes all data in $default_data; without a terminal to ask on it needs --yes"
    printf 'Remove all data in %s, with its backups, for good? Type yes: ' "$default_data"
    read -r answer
    [ "$answer" = yes ] || fail "nothing was removed"
fi
if [ -f "$unit" ] && [ -n "$managed" ]; then
    act manager disable --now --quiet freelanceos || fail "the service could not be stopped"
fi
was_there=''
[ ! -f "$unit" ] || was_there=yes
remove "$unit" "$program" "$runner" "$new" "$old"
if [ -n "$was_there" ] && [ -n "$managed" ]; then
    act manager daemon-reload
    # There is nothing to reset if it never failed.
    [ -n "$dry" ] || manager reset-failed freelanceos > /dev/null 2>&1 || true
fi
if [ -n "$purge" ]; then
    [ ! -d "$default_data" ] || act rm -rf "$default_data"
    [ ! -d "${settings%/*}" ] || act rm -rf "${settings%/*}"
    if [ -n "$owner" ] && id "$owner" > /dev/null 2>&1; then
        if has userdel; then act userdel "$owner"; else act deluser "$owner"; fi
    fi
    case $database in
        "$default_data"/*) ;;
        *) [ ! -e "$database" ] || say "Kept, since it is not in $default_data: $database" ;;
    esac
fi
if [ -n "$dry" ]; then exit 0; fi
if [ -n "$changed" ]; then say "FreelanceOS is removed."; else say "There was nothing to remove."; fi
for kept in "$data" "$settings"; do
    [ ! -e "$kept" ] || say "Kept: $kept"
done
exit 0
