#!/usr/bin/env python3
"""Checks a report, and a trace, field by field, against docs/report.md.

    validate.py FOLDER…

A folder has `report`, `trace` and `run`: the subcommand, its exit code and its inputs in order, separated by NULs. Prints
nothing if all is right. The fields are deliberately listed here again: a field that is removed, renamed or of another
type is an error, and so is a new one that the page does not have.
"""
import json
import os
import sys

NUMBER, TEXT, BOOL, NONE = int, str, bool, type(None)
HEAD = {"schema": TEXT, "poolmap": TEXT, "command": TEXT, "options": dict, "libzstd": TEXT,
        "machine": dict, "startedUnixNanoseconds": NUMBER, "pid": NUMBER, "files": list, "mainProcess": dict,
        "totals": dict}
OPTIONS = {"compress": {"jobs", "level", "long", "chunkBytes", "rsyncable", "checksums", "zstd", "force", "ifChanged",
                         "fsync", "remove"},
           "decompress": {"jobs", "long", "memory", "salvage", "omit", "sparse", "maxOutput", "maxRatio", "force",
                          "ifChanged", "fsync", "remove"},
           "test": {"jobs", "long", "memory", "maxOutput", "maxRatio"}, "hash": {"jobs", "algorithms", "mode"},
           "cat": {"jobs", "long", "memory", "sparse", "maxOutput", "maxRatio"},
           "map": {"jobs", "cut", "chunkBytes", "records", "header", "compress", "level", "maxOutput", "maxRatio"}}
for command in OPTIONS.keys() - {"hash", "map"}:
    OPTIONS[command] |= {"dictionary", "dictionaryID"}
FILE = {"input": TEXT, "output": (TEXT, NONE), "status": TEXT, "error": (dict, NONE), "inputBytes": (NUMBER, NONE),
        "outputBytes": (NUMBER, NONE), "digests": list, "salvage": (dict, NONE), "chunks": list}
CHUNK = {"index": NUMBER, "count": NUMBER, "offset": NUMBER, "length": NUMBER, "result": (dict, NONE), "worker": NUMBER,
         "startNanoseconds": NUMBER, "durationNanoseconds": NUMBER, "tries": NUMBER,
         "queuedNanoseconds": (NUMBER, NONE), "takenNanoseconds": (NUMBER, NONE)}
MACHINE = {"cpu": (TEXT, NONE), "architecture": (TEXT, NONE), "cores": NUMBER, "usableCores": NUMBER,
           "memoryBytes": NUMBER, "system": (TEXT, NONE)}
ACTIVITIES = ["takingResults", "handingOut", "waitingForInput", "waitingForTokens", "waitingForRoom",
              "waitingForResults"]
SALVAGE = {"restoredBytes": NUMBER, "lostBytes": NUMBER, "contentBytes": (NUMBER, NONE), "lostCount": NUMBER,
           "harmlessCount": NUMBER, "lost": list}
LOST = {"offset": NUMBER, "length": (NUMBER, NONE), "isLengthAssumed": BOOL, "fileOffset": NUMBER,
        "fileLength": NUMBER, "reason": TEXT}
ERROR = {"code": TEXT, "message": TEXT, "errno": (NUMBER, NONE)}
TOTALS = {name: NUMBER for name in ("files", "failed", "inputBytes", "outputBytes", "chunks", "repeatedTries",
                                    "workNanoseconds", "wallNanoseconds")}
CODES = {"invalidOption", "damaged", "tooLarge", "unsupported", "changed", "system", "targetExists", "ignored",
         "outputClosed", "outOfMemory", "processDied", "failed"}


def check(condition, *what):
    if not condition:
        sys.exit("not as docs/report.md says: " + " ".join(str(part) for part in what))


def fields(value, wanted, where):
    check(list(value) == list(wanted), where, "has the fields", list(value), "and not", list(wanted))
    for name, kind in wanted.items():
        kinds = kind if isinstance(kind, tuple) else (kind,)
        check(type(value[name]) in kinds, where, name, "is", repr(value[name]))
        check(not isinstance(value[name], int) or value[name] >= 0, where, name, "is below 0")


def error(value, where):
    fields(value, ERROR, where)
    check(value["code"] in CODES and value["message"], where, value)


def chunk(value, index, wall, where, command):
    fields(value, CHUNK, where)
    check(value["index"] == index and value["count"] >= 0, where, "is not number", index)
    check(value["startNanoseconds"] + value["durationNanoseconds"] <= wall, where, "ends after the run", value)
    result = value["result"]
    if result is not None:
        if command == "map":
            # The output of a command counts even if it failed; a worker that died has written nothing.
            names = [name for name in result if name != "error"]
            check(names == ["bytes", "attempts"] or (names == [] and "error" in result), where, result)
            check(all(type(result[name]) is int for name in names) and result.get("attempts", 1) >= 1, where, result)
        else:
            check(len(result) == 1 and next(iter(result)) in ("bytes", "kept", "error"), where, result)
        if "error" in result:
            error(result["error"], where)
    check(value["tries"] >= 1 and value["worker"] > 1, where, value)
    queued, taken = value["queuedNanoseconds"], value["takenNanoseconds"]
    check((queued is None) == (taken is None), where, "was queued or taken, and not both", value)
    if queued is not None and value["startNanoseconds"] > 0:
        check(queued <= value["startNanoseconds"], where, "was begun before it was handed out", value)
        check(value["startNanoseconds"] + value["durationNanoseconds"] <= taken <= wall, where, "was taken too early", value)


def main_process(value, wall):
    fields(value, {"bucketNanoseconds": NUMBER, **{name: list for name in ACTIVITIES}}, "mainProcess")
    bucket, counts = value["bucketNanoseconds"], [value[name] for name in ACTIVITIES]
    check(0 < len(counts[0]) <= 512 and len({len(one) for one in counts}) == 1, "mainProcess has lists of lengths",
          [len(one) for one in counts])
    spent = [sum(times) for times in zip(*counts)]
    # All of the time, to the last stretch, is spent on something.
    check(all(time == bucket for time in spent[:-1]) and 0 < spent[-1] <= bucket, "stretches of mainProcess", spent)
    check(sum(spent) == wall, "mainProcess has", sum(spent), "of", wall)


def salvage(value, where):
    """Checks a poolmap file's salvage, in which all lengths are known and zeros replace what is lost."""
    summary = value["salvage"]
    fields(summary, SALVAGE, where)
    for lost in summary["lost"]:
        fields(lost, LOST, where)
    check(summary["lostCount"] == len(summary["lost"]) > 0, where, summary)
    check(summary["lostBytes"] == sum(lost["length"] for lost in summary["lost"]), where, summary)
    check(summary["restoredBytes"] + summary["lostBytes"] == summary["contentBytes"] == value["outputBytes"], where,
          summary)


def file(value, command, wall):
    where = ascii(value.get("input"))
    fields(value, FILE, where)
    chunks = value["chunks"]
    index = 0
    for one in chunks:
        chunk(one, index, wall, f"{where} chunk {index}", command)
        index += one["count"]
    if value["status"] == "salvaged":
        check(value["error"] is None, where, "has an error")
        return salvage(value, where)
    done = value["status"] in ("done", "unchanged")
    check(done or value["status"] in ("failed", "ignored"), where, value["status"])
    check(done == (value["error"] is None) == (value["inputBytes"] is not None), where, "status and error disagree")
    if not done:
        return error(value["error"], where)
    length = sum(one["length"] for one in chunks)
    content = sum((one["result"] or {}).get("bytes", 0) for one in chunks if "error" not in (one["result"] or {}))
    ends = [0] + [one["offset"] + one["length"] for one in chunks]
    check(all(one["offset"] >= end for one, end in zip(chunks, ends)), where, "chunks overlap")
    if command == "map":
        check(length == value["inputBytes"], where, "chunks have", length, "of", value["inputBytes"], "bytes")
        check(content == value["outputBytes"], where, "commands wrote", content, "and not", value["outputBytes"])
    elif command in ("compress", "hash"):
        check(length == value["inputBytes"], where, "chunks have", length, "of", value["inputBytes"], "bytes")
        # The tables are not chunks.
        check(command == "hash" or content <= value["outputBytes"], where, "chunks make", content)
    else:
        check(length <= value["inputBytes"], where, "frames have", length, "of", value["inputBytes"], "bytes")
        check(content == value["outputBytes"], where, "frames make", content, "of", value["outputBytes"], "bytes")
    check((value["digests"] != []) == (command == "hash"), where, "digests")


def report(path, command, code, *inputs):
    with open(path, encoding="utf-8") as stream:
        value = json.load(stream)
    fields(value, HEAD, "the report")
    check(value["schema"] == "poolmap-report/1", value["schema"])
    check(value["command"] == command, "command", value["command"])
    # Some modes of hash have parts.
    has_part = command in ("compress", "decompress", "test", "map") or "part" in value["options"]
    check(set(value["options"]) == OPTIONS[command] | ({"part"} if has_part else set()), "options", value["options"])
    names = [os.fsencode(one["input"]) for one in value["files"]]
    check(names == [os.fsencode(name) for name in inputs], "inputs are", names)
    totals = value["totals"]
    fields(totals, TOTALS, "totals")
    fields(value["machine"], MACHINE, "machine")
    check(1 <= value["machine"]["usableCores"] <= value["machine"]["cores"], value["machine"])
    main_process(value["mainProcess"], totals["wallNanoseconds"])
    for one in value["files"]:
        file(one, command, totals["wallNanoseconds"])
    chunks = [one for each in value["files"] for one in each["chunks"]]
    failed = [one for one in value["files"] if one["status"] == "failed"]
    check(totals["files"] == len(inputs) and totals["failed"] == len(failed), "totals of files", totals)
    damaged = [one for one in value["files"] if one["status"] == "salvaged"]
    # With --keep-going an input is done although chunks have failed.
    broken = [one for one in chunks if command == "map" and "error" in (one["result"] or {})]
    check((len(failed + damaged + broken) > 0) == (code == "1"), len(failed), "failures and exit code", code)
    for name in ("inputBytes", "outputBytes"):
        check(totals[name] == sum(one[name] or 0 for one in value["files"]), name, totals)
    check(totals["chunks"] == len(chunks), "totals of chunks", totals)
    check(totals["repeatedTries"] == sum(one["tries"] - 1 for one in chunks), "repeatedTries", totals)
    work = sum(one["durationNanoseconds"] for one in chunks)
    # For map this includes work that is not a chunk.
    check(totals["workNanoseconds"] == work or (command == "map" and totals["workNanoseconds"] > work),
          "workNanoseconds", totals)


def trace(path):
    with open(path, encoding="utf-8") as stream:
        value = json.load(stream)
    check(list(value) == ["displayTimeUnit", "traceEvents"], list(value))
    named, ends, front = set(), {}, None
    for event in value["traceEvents"]:
        front = front or event["pid"]
        check(event["pid"] == front, "another pid", event)
        if event["ph"] == "M":
            check(event["name"] == "thread_name" and event["args"]["name"], event)
            named.add(event["tid"])
            continue
        check(event["ph"] == "X" and event["tid"] in named, event)
        check(event["cat"] in ("chunk", "frame", "file", "search", "reduction"), event)
        check(set(event["args"]) == {"file", "count", "offset", "length", "result", "tries"}, event)
        ends.setdefault(event["tid"], []).append((event["ts"], event["ts"] + event["dur"]))
    check(ends, "no events")
    for tid, spans in ends.items():
        spans.sort()
        for (_, end), (start, _) in zip(spans, spans[1:]):
            # Microseconds with three decimals; a smaller difference is due to rounding.
            check(start >= end - 0.0005, "events of", tid, "overlap:", end, start)


def main(folders):
    for folder in folders:
        with open(f"{folder}/run", "rb") as stream:
            run = [os.fsdecode(word) for word in stream.read().split(b"\0")[:-1]]
        report(f"{folder}/report", *run)
        trace(f"{folder}/trace")


if __name__ == "__main__":
    main(sys.argv[1:])
