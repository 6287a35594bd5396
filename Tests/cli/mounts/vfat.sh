# On vfat or exfat, without modes, owners, links and nameless files, everything works; one note says what is missing.
. "$CLI_LIB"
. "$CLI_FOLDER/mounts.sh"
in_mount vfat everything
