# Unsupported uses of --engine are refused in one line before anything is submitted, and so is other wrong usage.
. "$CLI_LIB"
mkdir bin
cat > bin/sbatch << 'SCRIPT'
#!/bin/sh
echo called >> sbatch-was-called
exit 1
SCRIPT
chmod +x bin/sbatch
PATH=$PWD/bin:$PATH
text 100000 > file
poolmap compress -q file
engine="--engine slurm --parts 4"

refuses 2 "--engine requires --parts N" poolmap compress --engine slurm file
refuses 2 "--parts must be between 1 and 1000000 (got 0)" poolmap compress --engine slurm --parts 0 file
refuses 2 "pbs" poolmap compress --engine pbs --parts 4 file
for option in "--parts 4" "--engine-retries 1" "--engine-option=-n1" --detach; do
    refuses 2 "${option%%[ =]*} requires --engine" poolmap compress $option file
    refuses 2 "${option%%[ =]*} requires --engine" poolmap hash $option file
done
refuses 2 "--engine cannot be combined with --part" poolmap compress $engine --part 1/4 file
refuses 2 "--engine cannot be combined with --part" poolmap hash $engine --part 1/4 -o sums file
refuses 2 "--engine cannot be combined with -c" poolmap compress $engine -c file
refuses 2 "--engine cannot be combined with --rm" poolmap compress $engine --rm file
refuses 2 "--engine with --rm requires -r and directories" poolmap compress $engine --rm file file.zst
refuses 2 "--engine cannot be combined with --depfile" poolmap compress $engine --depfile deps file
refuses 2 "--engine cannot be combined with --report" poolmap compress $engine --report report file
refuses 2 "--engine cannot be combined with --trace" poolmap test $engine --trace trace file.zst
refuses 2 "--engine cannot be combined with --dry-run" poolmap compress $engine --dry-run file
refuses 2 "--engine cannot be combined with --salvage" poolmap decompress $engine --salvage file.zst
refuses 2 "--engine cannot be combined with --resume" poolmap hash $engine --resume state -o sums file
refuses 2 "--engine cannot be combined with --check" poolmap hash $engine --check file
refuses 2 "--engine cannot be combined with --tree" poolmap hash $engine --tree -o sums file
refuses 2 "--detach requires -o FILE" poolmap hash $engine --detach file
refuses 2 "--engine cannot be combined with md5" poolmap hash $engine -a md5 -o sums file
refuses 2 "--engine cannot be combined with --compress" poolmap map --lines $engine --compress -o map file -- cat
refuses 2 "--engine requires -o FILE" poolmap map --lines $engine file -- cat
refuses 2 "--engine requires one regular file" poolmap map --lines $engine -o map file file.zst -- cat
refuses 127 "no-such-program" poolmap map --lines $engine -o map file -- no-such-program
refuses 2 "the parts would be written into . and hashed, too" poolmap hash -o sums $engine -r .
refuses 2 "--engine requires files, not standard input" poolmap hash -o sums $engine < file
refuses 2 "--engine requires files, not standard input" poolmap hash $engine - < file
for command in compress decompress test; do
    refuses 2 "--engine requires files, not standard input" poolmap $command $engine < file
    refuses 2 "--engine requires files, not standard input" poolmap $command $engine - < file
    refuses 2 "--engine requires files, not standard input" poolmap $command $engine --files-from - < file
done
refuses 2 "--engine cannot be combined with --depfile" poolmap compress $engine --depfile deps -r .
refuses 2 "--engine cannot be combined with -c" poolmap compress $engine -c -r .
refuses 2 "--engine-option must be an option such as --partition=batch (got batch)" \
    poolmap compress $engine --engine-option=batch file
for option in --array=1-2 -a1 -J=x --job-name=x --wrap=true --wait; do
    refuses 2 "--engine-option cannot be $option, which poolmap sets itself" poolmap compress $engine --engine-option=$option file
done
refuses 2 "level 20 requires --ultra" poolmap compress $engine -20 file

# ---- Errors that one machine would report.
refuses 1 "none" poolmap compress $engine none
refuses 1 "file.zst already exists" poolmap compress $engine file
mkdir folder
refuses 1 "folder" poolmap compress $engine folder
mkfifo pipe
refuses 1 "pipe: is not a regular file" poolmap compress $engine -f pipe
no_file sbatch-was-called pipe.zst.engine file.zst.engine folder.zst.engine

# ---- Without Slurm.
rm bin/sbatch
ln -s "$POOLMAP" bin/poolmap
refuses 1 "cannot find sbatch in PATH; --engine slurm requires Slurm's commands" \
    env "PATH=$PWD/bin" poolmap compress $engine -o other.zst file
no_file other.zst other.zst.engine
