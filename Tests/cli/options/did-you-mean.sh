# An unknown option is named as typed; another is suggested only if it is similar.
. "$CLI_LIB"
text 100 > f
# proposes TYPED PROPOSED COMMAND…
proposes() {
    refuses 2 "unknown option '$1'; did you mean '$2'?" poolmap "${@:3}" "$1" f
}
proposes --levle --level
proposes --lvel --level
proposes --leve --level
proposes --thread --threads
proposes --no-chek --no-check
proposes --recurs --recursive
proposes --ouput-dir --output-dir
proposes --output-dir-mirorr --output-dir-mirror
proposes --exclude-compresed --exclude-compressed
proposes --forse --force
proposes --algoritm --algorithm hash
proposes --salvag --salvage -d
proposes --dry-rnu --dry-run -d
proposes --ofset --offset cat
proposes --jsn --json list
proposes --multra --ultra -d
# proposes_nothing TYPED COMMAND…
proposes_nothing() {
    poolmap "${@:2}" "$1" f 2> said && fail "it should fail"
    same_text "poolmap: unknown option '$1'" "$(< said)"
}
for option in --frobnicate --x --19 --keepsake --tim --a --hsah -x -u; do
    proposes_nothing $option
    proposes_nothing $option -d
    proposes_nothing $option hash
done
refuses 2 "unknown option '-x' in '-9xq'" poolmap -9xq f
refuses 2 "unknown option '-x' in '-cx'" poolmap hash -cx f
refuses 2 "unknown option '-d'" poolmap compress -d f
refuses 2 "unknown option '-d' in '-kd'" poolmap compress -kd f
refuses 2 "unknown option '--levle'" poolmap --levle=3 f
refuses 2 "unknown option '--levle'" poolmap --levle 3 f
poolmap --json --levle 3 f 2> said && fail "it should fail"
python3 -c 'import json; assert json.load(open("said"))["error"] == "usage"'
