"""Computes independently where `poolmap map` should cut a file.

    borders.py FILE CHUNK-BYTES bytes 0|record LENGTH|separator HEX|csv 0|start REGEX [HEADER-LINES [RECORDS]]

Prints the offset and the length of each chunk, one per line.
"""
import re
import sys

path, chunk, kind, value, header_lines, records = (sys.argv[1:] + ["0", "0"])[:6]
data, chunk, records, header = open(path, "rb").read(), int(chunk), int(records), 0
for _ in range(int(header_lines)):
    header = data.find(b"\n", header) + 1 or len(data)
if kind == "record":
    chunk = int(value) * (records or max(1, chunk // int(value)))
    records = 0
# The number of bytes at the end of a record that must be after the cut.
end_bytes = {"separator": len(value) // 2, "csv": 1, "start": 1}.get(kind, 0)


def is_end(place):
    """Whether a record ends here."""
    if kind == "separator":
        return data[:place].endswith(bytes.fromhex(value), header)
    if kind == "csv":
        return data[place - 1] == 10 and data.count(b'"', header, place) % 2 == 0
    if kind == "start":
        return data[place - 1] == 10 and re.search(value.encode(), data[place:].split(b"\n")[0])
    return True


start, count = header, 0
for place in range(header + 1, len(data)):
    if not is_end(place):
        continue
    count += 1
    cut = header + ((start - header) // chunk + 1) * chunk
    if count == records if records else place - end_bytes >= cut:
        print(start, place - start)
        start, count = place, 0
print(start, len(data) - start)
