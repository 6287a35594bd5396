# Thousands of small files, then large ones: workers return names that they have no time for, and all files are done.
. "$CLI_LIB"
real_data 8000000 > data
mkdir tree
python3 -c '
data = open("data", "rb").read()
for number in range(3000):
    open("tree/a%05d" % number, "w").write(str(number))
for number in range(1200):
    start = number * 40007 % (len(data) - 40000)
    open("tree/b%05d" % number, "wb").write(data[start:start + 40000])'
cp -r tree before
poolmap -q -j 2 -r tree
same_text 8400 "$(find tree -type f | wc -l)"
rm tree/?????? # the inputs
poolmap test -q -j 2 -r tree
poolmap decompress -q --rm -j 2 -r tree
diff -r before tree
