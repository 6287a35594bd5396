# On vfat or exfat, which have no holes, zeros that are left out are zeros all the same, also at the end.
. "$CLI_LIB"
. "$CLI_FOLDER/mounts.sh"
in_mount vfat holes
