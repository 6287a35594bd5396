// The run, as the rest of the page uses it. PageRows.swift says what the data looks like.

const numbersOfPiece = 9;
const unknown = -1;
const takenOver = -2;

/// Columns of all pieces, in the order of the inputs: with 100,000 of them, objects would be slow.
function makeColumns(count) {
    const column = () => new Float64Array(count);
    return {
        count, file: new Uint32Array(count), lane: new Uint16Array(count), index: column(), offset: column(),
        length: column(), bytes: column(), worker: column(), start: column(), duration: column(), tries: column(),
        queued: column(), turn: column(), notes: new Map(),
    };
}

function readRun(text) {
    const data = JSON.parse(text);
    const files = readFiles(data.files);
    const pieces = readPieces(data.files, files);
    const run = data.run;
    const totals = run.totals;
    const options = run.options ?? {};
    const model = {
        files, pieces, totals, options,
        command: String(run.command), version: String(run.poolmap), libzstd: String(run.libzstd),
        started: Number(run.startedUnixNanoseconds) / 1e6, machine: run.machine ?? {}, front: run.front ?? null,
        frontPID: run.pid ?? null, workers: run.workers, jobs: Number(options.jobs) || 1,
        wall: Math.max(1, totals.wallNanoseconds / 1000),
    };
    model.noun = ["decompress", "test", "cat"].includes(model.command) ? "frame" : "chunk";
    model.lanes = makeLanes(model);
    return model;
}

/// Names are stored as what differs from the name before.
function readFiles(rows) {
    let name = "";
    return rows.map(([shared, rest, output, status, inputBytes, outputBytes, error, salvage]) => {
        name = name.slice(0, shared) + rest;
        return {
            input: name, output: output && name.slice(0, output[0]) + output[1], status, inputBytes, outputBytes,
            error, salvage, first: 0, end: 0,
        };
    });
}

function readPieces(rows, files) {
    const count = rows.reduce((sum, row) => sum + row[8].length / numbersOfPiece, 0);
    const pieces = makeColumns(count);
    let place = 0;
    let start = 0;
    rows.forEach((row, file) => {
        const [numbers, notes] = [row[8], new Map(row[9])];
        files[file].first = place;
        let [end, index] = [0, 0];
        for (let at = 0; at < numbers.length; at += numbersOfPiece, place += 1) {
            const note = notes.get(at / numbersOfPiece);
            if (note) pieces.notes.set(place, note);
            pieces.file[place] = file;
            pieces.index[place] = index;
            pieces.offset[place] = end + numbers[at];
            pieces.length[place] = numbers[at + 1];
            pieces.bytes[place] = numbers[at + 2];
            pieces.worker[place] = numbers[at + 3];
            start += numbers[at + 4];
            pieces.start[place] = start;
            pieces.duration[place] = numbers[at + 5];
            pieces.tries[place] = numbers[at + 6];
            pieces.queued[place] = numbers[at + 7];
            pieces.turn[place] = numbers[at + 8];
            end = pieces.offset[place] + pieces.length[place];
            index += note?.count ?? 1;
        }
        files[file].end = place;
    });
    return pieces;
}

/// A lane for each worker. One that took the place of a dead one goes on in its lane.
function makeLanes(model) {
    const { pieces, workers } = model;
    const byWorker = workers.map(() => []);
    for (let piece = 0; piece < pieces.count; piece += 1) byWorker[pieces.worker[piece]].push(piece);
    const spans = byWorker.map((list, worker) => {
        list.sort((one, other) => pieces.start[one] - pieces.start[other]);
        return { worker, list, first: pieces.start[list[0]], end: endOf(pieces, list[list.length - 1]) };
    });
    spans.sort((one, other) => one.first - other.first);
    const lanes = [];
    for (const span of spans) {
        const free = lanes.length >= model.jobs ? lanes.find((lane) => lane.end <= span.first) : undefined;
        const lane = free ?? { pids: [], pieces: [], end: 0 };
        if (!free) lanes.push(lane);
        lane.pids.push(workers[span.worker]);
        lane.pieces.push(...span.list);
        lane.end = span.end;
    }
    lanes.forEach((lane, number) => {
        lane.label = lane.pids.includes(model.frontPID) ? "main process" : `worker ${number + 1}`;
        for (const piece of lane.pieces) pieces.lane[piece] = number;
    });
    return lanes;
}

function endOf(pieces, piece) {
    return pieces.start[piece] + pieces.duration[piece];
}
