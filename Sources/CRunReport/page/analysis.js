// What the page computes from the pieces: how well each did, what happened over time, and where time was lost.

/// The measures that pieces can be coloured by. `value` is from 0 to 1 and gives the colour and how high a box is filled; it
/// is NaN if unknown.
function makeMeasures(model) {
    const { pieces } = model;
    const measures = [];
    if (pieces.bytes.some((bytes) => bytes >= 0)) measures.push(leftMeasure(model));
    const speedAt = (piece) => speedOf(pieces, piece);
    measures.push(relativeMeasure(model, {
        id: "speed", name: "Speed", low: "slow", high: "fast", of: speedAt, text: (speed) => formatSpeed(speed, 1),
    }));
    measures.push(relativeMeasure(model, {
        id: "time", name: "Time taken", low: "short", high: "long", of: (piece) => pieces.duration[piece],
        text: formatTime,
    }));
    return measures;
}

/// Compressed size relative to content; for a command, output relative to input.
function leftMeasure(model) {
    const { pieces, command } = model;
    const isRestoring = ["decompress", "test", "cat"].includes(command);
    const share = (piece) => {
        const [bytes, length] = [pieces.bytes[piece], pieces.length[piece]];
        const [small, large] = isRestoring ? [length, bytes] : [bytes, length];
        return bytes < 0 || large <= 0 ? NaN : small / large;
    };
    const value = (piece) => Math.min(1, share(piece));
    const name = command === "map" ? "Output for each byte of input" : "Compressibility";
    const words = command === "map" ? ["little output", "as much as the input"] : ["compresses well", "does not compress"];
    return { id: "left", name, low: words[0], high: words[1], value, share, text: (piece) => ratioText(model, piece), isShare: true };
}

/// A value relative to the 95th percentile, so that one outlier does not make all other pieces look alike.
function relativeMeasure(model, { id, name, low, high, of, text }) {
    const sorted = Float64Array.from({ length: model.pieces.count }, (_, piece) => of(piece)).filter(Number.isFinite).sort();
    const most = sorted[Math.floor((sorted.length - 1) * 0.95)] || 1;
    return {
        id, name, low: `${low} (0)`, high: `${high} (${text(most)} or more)`, value: (piece) => Math.min(1, of(piece) / most),
        text: (piece) => text(of(piece)), isShare: false,
    };
}

/// Input bytes per microsecond.
function speedOf(pieces, piece) {
    return pieces.duration[piece] > 0 ? pieces.length[piece] / pieces.duration[piece] : NaN;
}

function ratioText({ command, pieces }, piece) {
    const [bytes, length] = [pieces.bytes[piece], pieces.length[piece]];
    return bytes < 0 ? "–" : ratioOf(command, length, bytes);
}

/// A compression ratio such as "6.52 ×"; for a command, its output as a share of the input.
function ratioOf(command, inputBytes, outputBytes) {
    if (command === "map") return inputBytes > 0 ? `${formatPercent(outputBytes / inputBytes)} of the input` : "–";
    const isRestoring = ["decompress", "test", "cat"].includes(command);
    const [small, large] = isRestoring ? [inputBytes, outputBytes] : [outputBytes, inputBytes];
    return small > 0 ? `${significant(large / small)} ×` : "–";
}

// MARK: Over time

/// Totals over equal stretches of time.
class Bins {
    constructor(from, to, count) {
        this.from = from;
        this.width = (to - from) / count;
        this.totals = new Float64Array(count);
    }

    /// Adds `rate` per microsecond over a span.
    add(start, end, rate) {
        const { totals, width } = this;
        const first = Math.max(0, (start - this.from) / width);
        const last = Math.min(totals.length, (end - this.from) / width);
        for (let bin = Math.floor(first); bin < last; bin += 1) {
            totals[bin] += (Math.min(last, bin + 1) - Math.max(first, bin)) * width * rate;
        }
    }

    /// The mean rate of each stretch.
    get rates() {
        return Array.from(this.totals, (total) => total / this.width);
    }
}

/// What happened in each of `count` stretches: input bytes per microsecond, busy workers, pieces waiting for a worker, and
/// results waiting to be taken.
function flow(model, from, to, count) {
    const { pieces } = model;
    const made = () => new Bins(from, to, count);
    const [bytes, busy, queued, turn] = [made(), made(), made(), made()];
    for (let piece = 0; piece < pieces.count; piece += 1) {
        if (!hasTime(pieces, piece)) continue;
        const start = pieces.start[piece];
        const end = endOf(pieces, piece);
        if (pieces.queued[piece] > 0) queued.add(start - pieces.queued[piece], start, 1);
        if (pieces.turn[piece] > 0) turn.add(end, end + pieces.turn[piece], 1);
        if (pieces.duration[piece] > 0) bytes.add(start, end, speedOf(pieces, piece));
        busy.add(start, end, 1);
    }
    return { bytes: bytes.rates, busy: busy.rates, queued: queued.rates, turn: turn.rates };
}

/// Whether the report says when pieces were handed out and results taken; older reports do not.
function knowsQueue(model) {
    return model.pieces.queued.some((wait) => wait >= 0);
}

// MARK: Where time was lost

/// What the main process can be doing, and what that means for an idle worker.
const activities = [
    { id: "waitingForInput", label: "waiting for input", help: "a pipe or a list of names had nothing more to read yet" },
    { id: "waitingForTokens", label: "waiting for make's tokens", help: "make had no free job" },
    { id: "waitingForRoom", label: "waiting for an earlier result", help: "there was no room for more results until an earlier one was done" },
    { id: "takingResults", label: "waiting for the writer", help: "the main process took results and wrote them in order" },
    { id: "handingOut", label: "waiting for the main process", help: "it was starting workers, reading a pipe, opening files or handing out work" },
    { id: "waitingForResults", label: "nothing left to do", help: "all work was handed out, and other workers had the last of it" },
];

/// The time of all workers, by use: working, about to begin a piece that was handed out, or idle while the main process did
/// something.
function lostTime(model) {
    const { main, pieces, wall } = model;
    const hands = model.lanes.filter((lane) => !lane.isMain).length;
    const isAlone = hands === 0;
    const workers = isAlone ? 1 : Math.max(model.jobs, hands);
    const busyTime = pieces.duration.reduce((sum, duration) => sum + duration, 0);
    const wholeTime = Math.max(workers * wall, busyTime);
    const idleTime = wholeTime - busyTime;
    const rows = main ? reasonsToIdle(model, workers, isAlone)
        : [{ id: "unknown", label: "idle", help: "this report does not say why", time: idleTime }];
    const known = rows.reduce((sum, row) => sum + row.time, 0);
    // Stretches of time are rounded; scale the rows so that they add up.
    for (const row of rows) row.time *= known > 0 ? idleTime / known : 0;
    return { workers, busyTime, wholeTime, rows: rows.filter((row) => row.time > 0) };
}

function reasonsToIdle({ main, mainPID, workers: pids, pieces, wall, noun }, workers, isAlone) {
    const rows = activities.map((activity) => ({ ...activity, time: 0 }));
    rows.push({
        id: "alone", label: "main process worked alone", time: 0,
        help: `it did ${noun}s itself, because there was little to do yet or make had no free job`,
    });
    const ready = {
        id: "ready", label: `between two ${noun}s`, time: 0,
        help: "work was handed out but not yet begun: messages, opening and naming files, other programs on the cores",
    };
    const length = main.bucketNanoseconds / 1000;
    const count = Math.max(...activities.map(({ id }) => main[id]?.length ?? 0), 1);
    const made = () => new Bins(0, length * count, count);
    const [busy, queued, own] = [made(), made(), made()];
    for (let piece = 0; piece < pieces.count; piece += 1) {
        const start = pieces.start[piece];
        busy.add(start, endOf(pieces, piece), 1);
        if (pieces.queued[piece] > 0) queued.add(start - pieces.queued[piece], start, 1);
        if (pids[pieces.worker[piece]] === mainPID) own.add(start, endOf(pieces, piece), 1);
    }
    for (let number = 0; number < count; number += 1) {
        const whole = Math.min(length, Math.max(0, wall - number * length));
        const idle = Math.max(0, workers * whole - busy.totals[number]);
        const isReady = isAlone ? 0 : Math.min(idle, queued.totals[number]);
        ready.time += isReady;
        share(rows, main, number, idle - isReady, own.totals[number], isAlone);
    }
    return [ready, ...rows];
}

/// Distributes the idle time of a stretch over what the main process did in it. Pieces that it did itself are counted as
/// handing out in the report; they are a reason of their own if there were other workers.
function share(rows, main, number, idle, ownWork, isAlone) {
    const weights = rows.map(({ id }) => (main[id]?.[number] ?? 0) / 1000);
    const place = (wanted) => rows.findIndex(({ id }) => id === wanted);
    weights[place("handingOut")] = Math.max(0, weights[place("handingOut")] - ownWork);
    weights[place("alone")] = isAlone ? 0 : ownWork;
    const all = weights.reduce((sum, weight) => sum + weight, 0);
    rows.forEach((row, at) => {
        row.time += all > 0 ? idle * weights[at] / all : 0;
    });
}
