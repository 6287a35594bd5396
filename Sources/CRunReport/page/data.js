// Decodes the run for the rest of the page. PageRows.swift describes the encoding.

const numbersOfPiece = 9;
const unknown = -1;
const takenOver = -2;

/// The most workers that poolmap has at a time, and the main process.
const mostLanes = 1025;

/// Columns for all pieces in input order. With 100,000 pieces, an object for each would be slow.
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
        started: Number(run.startedUnixNanoseconds) / 1e6, machine: run.machine ?? {}, main: run.mainProcess ?? null,
        mainPID: run.pid ?? null, workers: run.workers, jobs: Number(options.jobs) || 1,
        wall: Math.max(1, totals.wallNanoseconds / 1000),
    };
    model.noun = ["decompress", "test", "cat"].includes(model.command) ? "frame" : "chunk";
    model.lanes = makeLanes(model);
    return model;
}

/// Decodes the files; each name is stored as its difference from another.
function readFiles(rows) {
    let [input, output] = ["", ""];
    return rows.map(([name, target, status, inputBytes, outputBytes, , , error = null, salvage = null]) => {
        input = input.slice(0, name[0]) + name[1];
        if (target) output = (target[2] ? output : input).slice(0, target[0]) + target[1];
        return { input, output: target && output, status, inputBytes, outputBytes, error, salvage, first: 0, end: 0 };
    });
}

function readPieces(rows, files) {
    const count = rows.reduce((sum, row) => sum + row[5].length / numbersOfPiece, 0);
    const pieces = makeColumns(count);
    let place = 0;
    let start = 0;
    rows.forEach((row, file) => {
        const [numbers, notes] = [row[5], new Map(row[6])];
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

/// Makes a lane for each worker, and one for the main process if it did pieces itself. A worker that replaces a dead one
/// continues its lane.
function makeLanes(model) {
    const { pieces, workers } = model;
    const byWorker = workers.map(() => []);
    for (let piece = 0; piece < pieces.count; piece += 1) {
        if (hasTime(pieces, piece)) byWorker[pieces.worker[piece]].push(piece);
    }
    const spans = byWorker.map((list, worker) => {
        list.sort((one, other) => pieces.start[one] - pieces.start[other]);
        return { worker, list, first: pieces.start[list[0]], end: endOf(pieces, list[list.length - 1]) };
    }).filter(({ list }) => list.length > 0);
    spans.sort((one, other) => one.first - other.first);
    const isMain = ({ worker }) => workers[worker] === model.mainPID;
    const lanes = [];
    for (const span of spans.filter((one) => !isMain(one))) {
        const lane = laneFor(span, lanes, model.jobs);
        lane.pids.push(workers[span.worker]);
        lane.pieces = lane.pieces.concat(span.list);
        lane.end = span.end;
    }
    const main = spans.filter(isMain).map(({ list }) => ({ pids: [model.mainPID], pieces: list, label: "main process", isMain: true }));
    lanes.unshift(...main);
    lanes.forEach((lane, number) => {
        for (const piece of lane.pieces) pieces.lane[piece] = number;
    });
    return lanes;
}

/// Returns a new lane while there may be one more worker, then the first free one.
function laneFor(span, lanes, jobs) {
    const isFull = lanes.length >= mostLanes;
    if (lanes.length >= jobs || isFull) {
        const free = lanes.find((lane) => lane.end <= span.first);
        if (free || isFull) return free ?? lanes[mostLanes - 1];
    }
    lanes.push({ pids: [], pieces: [], end: 0, label: `worker ${lanes.length + 1}` });
    return lanes[lanes.length - 1];
}

/// Whether the time of a piece is known; it is not if no worker finished the piece.
function hasTime(pieces, piece) {
    return pieces.duration[piece] > 0 || pieces.notes.get(piece)?.error === undefined;
}

function endOf(pieces, piece) {
    return pieces.start[piece] + pieces.duration[piece];
}
