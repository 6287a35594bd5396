# On vfat or exfat, which have no holes, zeros that are skipped are still zeros, even at the end.
. "$CLI_LIB"
. "$CLI_FOLDER/mounts.sh"
in_mount vfat holes
