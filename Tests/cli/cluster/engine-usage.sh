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

refuses 2 "--engine needs --parts N" poolmap compress --engine slurm file
refuses 2 "--parts must be from 1 to 1000000, and is 0" poolmap compress --engine slurm --parts 0 file
refuses 2 "pbs" poolmap compress --engine pbs --parts 4 file
for option in "--parts 4" "--engine-retries 1" "--engine-option=-n1" --detach; do
    refuses 2 "${option%%[ =]*} needs --engine" poolmap compress $option file
    refuses 2 "${option%%[ =]*} needs --engine" poolmap hash $option file
done
refuses 2 "--engine and --part exclude each other" poolmap compress $engine --part 1/4 file
refuses 2 "--engine and --part exclude each other" poolmap hash $engine --part 1/4 -o sums file
refuses 2 "--engine and -c exclude each other" poolmap compress $engine -c file
refuses 2 "--engine and --rm exclude each other" poolmap compress $engine --rm file
refuses 2 "--engine and --rm take folders" poolmap compress $engine --rm file file.zst
refuses 2 "--engine and --depfile exclude each other" poolmap compress $engine --depfile deps file
refuses 2 "--engine and --report exclude each other" poolmap compress $engine --report report file
refuses 2 "--engine and --trace exclude each other" poolmap test $engine --trace trace file.zst
refuses 2 "--engine and --dry-run exclude each other" poolmap compress $engine --dry-run file
refuses 2 "--engine and --salvage exclude each other" poolmap decompress $engine --salvage file.zst
refuses 2 "--engine and --resume exclude each other" poolmap hash $engine --resume state -o sums file
refuses 2 "--engine and --check exclude each other" poolmap hash $engine --check file
refuses 2 "--engine and --tree exclude each other" poolmap hash $engine --tree -o sums file
refuses 2 "--detach needs -o FILE" poolmap hash $engine --detach file
refuses 2 "--engine cannot do md5" poolmap hash $engine -a md5 -o sums file
refuses 2 "--engine and --compress exclude each other" poolmap map --lines $engine --compress -o map file -- cat
refuses 2 "--engine needs -o FILE" poolmap map --lines $engine file -- cat
refuses 2 "--engine takes one regular file" poolmap map --lines $engine -o map file file.zst -- cat
refuses 127 "no-such-program" poolmap map --lines $engine -o map file -- no-such-program
refuses 2 "the parts would be in ., and be hashed as well" poolmap hash -o sums $engine -r .
refuses 2 "--engine takes files, and not standard input" poolmap hash -o sums $engine < file
refuses 2 "--engine takes files, and not standard input" poolmap hash $engine - < file
for command in compress decompress test; do
    refuses 2 "--engine takes files, and not standard input" poolmap $command $engine < file
    refuses 2 "--engine takes files, and not standard input" poolmap $command $engine - < file
    refuses 2 "--engine takes files, and not standard input" poolmap $command $engine --files-from - < file
done
refuses 2 "--engine and --depfile exclude each other" poolmap compress $engine --depfile deps -r .
refuses 2 "--engine and -c exclude each other" poolmap compress $engine -c -r .
refuses 2 "--engine-option must be an option, as --partition=batch, and is batch" \
    poolmap compress $engine --engine-option=batch file
for option in --array=1-2 -a1 -J=x --job-name=x --wrap=true --wait; do
    refuses 2 "--engine-option $option is for poolmap itself to say" poolmap compress $engine --engine-option=$option file
done
refuses 2 "level 20 needs --ultra" poolmap compress $engine -20 file

# ---- Errors that one machine would report.
refuses 1 "none" poolmap compress $engine none
refuses 1 "file.zst already exists" poolmap compress $engine file
mkdir folder
refuses 1 "folder" poolmap compress $engine folder
mkfifo pipe
refuses 1 "pipe: is no regular file" poolmap compress $engine -f pipe
no_file sbatch-was-called pipe.zst.engine file.zst.engine folder.zst.engine

# ---- Without Slurm.
rm bin/sbatch
ln -s "$POOLMAP" bin/poolmap
refuses 1 "sbatch is not in PATH; --engine slurm needs the commands of Slurm" \
    env "PATH=$PWD/bin" poolmap compress $engine -o other.zst file
no_file other.zst other.zst.engine
