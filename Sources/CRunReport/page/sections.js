// The sections made of text: the summary and the tables.

function pieceName(model, piece) {
    const { pieces, files } = model;
    const file = files[pieces.file[piece]];
    const isWhole = file.end - file.first === 1;
    const count = pieces.notes.get(piece)?.count ?? 1;
    const index = pieces.index[piece];
    const number = count > 1 ? `${model.noun}s ${index} to ${index + count - 1}` : `${model.noun} ${index}`;
    if (model.files.length === 1) return number;
    return isWhole ? printable(file.input) : `${printable(file.input)}, ${number}`;
}

/// The facts about a piece, as labels and values; long ones get a line of their own.
function pieceFacts(model, piece) {
    const { pieces, files } = model;
    const note = pieces.notes.get(piece) ?? {};
    const bytes = pieces.bytes[piece];
    const lane = model.lanes[pieces.lane[piece]];
    const facts = [
        { label: "File", value: printable(files[pieces.file[piece]].input), isLong: true },
        { label: capitalized(note.count > 1 ? `${model.noun}s` : model.noun), value: pieceNumbers(model, piece) },
        { label: "Bytes", value: formatRange(pieces.offset[piece], pieces.length[piece]) },
        { label: "Size", value: formatBytes(pieces.length[piece]) },
        bytes === unknown ? null : { label: "Result", value: bytes === takenOver ? "taken over by --resume" : formatBytes(bytes) },
        bytes >= 0 ? { label: "Ratio", value: ratioText(model, piece) } : null,
        { label: "Started at", value: formatTime(pieces.start[piece]) },
        { label: "Took", value: formatTime(pieces.duration[piece]) },
        { label: "Speed", value: formatSpeed(pieces.length[piece], pieces.duration[piece]) },
        { label: "Waited for a worker", value: formatTime(pieces.queued[piece]) },
        { label: "Result waited", value: formatTime(pieces.turn[piece]) },
        { label: "By", value: `${lane.label}, process ${model.workers[pieces.worker[piece]]}` },
        { label: "Tries", value: formatCount(pieces.tries[piece]) },
        note.attempts > 1 ? { label: "Attempts of the command", value: formatCount(note.attempts) } : null,
        note.error ? { label: "Error", value: printable(note.error.message ?? ""), isLong: true } : null,
    ];
    return facts.filter((fact) => fact !== null);
}

function pieceNumbers({ pieces }, piece) {
    const count = pieces.notes.get(piece)?.count ?? 1;
    const index = pieces.index[piece];
    return count > 1 ? `${formatCount(index)} to ${formatCount(index + count - 1)}` : formatCount(index);
}

function factElements(facts) {
    return facts.map(({ label, value, isLong }) => element("span", { class: isLong ? "wide" : null }, element("b", {}, label), value));
}

// MARK: The summary

function fillSummary(model, lost) {
    const { command, files, totals, pieces, wall } = model;
    const name = files.length === 1 ? printable(lastName(files[0].input)) : counted(files.length, "file");
    byID("title").textContent = name;
    byID("eyebrow").textContent = `poolmap ${command}, ${formatDate(model.started)}`;
    document.title = `poolmap ${command}: ${name}`;
    fillStatus(model);
    const result = totals.outputBytes > 0 && totals.inputBytes > 0
        ? `${formatBytes(totals.inputBytes)} to ${formatBytes(totals.outputBytes)}` : formatBytes(totals.inputBytes);
    byID("headline").textContent = `${result} in ${formatTime(wall)}: ${counted(lost.workers, "worker")}, `
        + `${formatPercent(lost.busyTime / lost.wholeTime)} busy.`;
    const tile = (title, value, more) =>
        element("div", {}, element("dt", {}, title),
            element("dd", {}, element("span", { class: "value" }, value), element("span", { class: "more" }, more)));
    const ratio = totals.outputBytes > 0 ? ratioOf(command, totals.inputBytes, totals.outputBytes) : null;
    const speed = totals.inputBytes / wall;
    byID("tiles").append(...[
        tile("Input", formatBytes(totals.inputBytes), `${formatCount(totals.inputBytes)} bytes`),
        ratio === null ? null : tile("Output", formatBytes(totals.outputBytes), ratio),
        tile("Time", formatTime(wall), `${formatTime(lost.busyTime)} of work`),
        tile("Throughput", formatSpeed(totals.inputBytes, wall), `${formatSpeed(speed / lost.workers, 1)} each`),
        tile("Busy", formatPercent(lost.busyTime / lost.wholeTime), `${counted(lost.workers, "worker")}`),
        tile(capitalized(model.noun) + "s", formatCount(totals.chunks), `in ${counted(totals.files, "file")}`),
        tile("Failed", formatCount(totals.failed), `${counted(totals.repeatedTries, "repeated try", "repeated tries")}`),
    ].filter((one) => one !== null));
}

function fillStatus({ files, totals }) {
    const status = byID("status");
    const damaged = files.filter((file) => file.status === "salvaged").length;
    if (totals.failed > 0) {
        status.className = "status bad";
        status.textContent = `✗ ${formatCount(totals.failed)} of ${counted(totals.files, "file")} failed`
            + (damaged > 0 ? `, ${formatCount(damaged)} damaged` : "");
    } else if (damaged > 0) {
        status.className = "status bad";
        status.textContent = `✗ ${counted(damaged, "file")} damaged`;
    } else if (totals.repeatedTries > 0) {
        status.className = "status warning";
        status.textContent = `✓ Done, after ${counted(totals.repeatedTries, "repeated try", "repeated tries")}`;
    } else {
        status.className = "status good";
        status.textContent = "✓ Done";
    }
}

function capitalized(word) {
    return word[0].toUpperCase() + word.slice(1);
}

function formatDate(milliseconds) {
    const date = new Date(milliseconds);
    return Number.isNaN(date.getTime()) ? "" : date.toISOString().replace("T", " ").replace(/\.\d+Z/, " UTC");
}

// MARK: Where the time went

function fillLost(model, lost) {
    const rows = [
        { label: "working", help: "on the content of the input", time: lost.busyTime, colour: "var(--busy)" },
        ...lost.rows.map((row) => ({ ...row, colour: colourOfActivity(row.id) })),
    ];
    const stack = element("div", { class: "stack", "aria-hidden": "true" }, ...rows.map((row) => {
        const part = element("i", { title: `${row.label}: ${formatTime(row.time)}` });
        part.style.flexGrow = row.time / lost.wholeTime;
        part.style.background = row.colour;
        return part;
    }));
    const columns = [
        { title: "", cell: (row) => swatch(row.colour) },
        { title: "Use", cell: (row) => row.label },
        { title: "Time", number: true, cell: (row) => formatTime(row.time) },
        { title: "Share", number: true, cell: (row) => formatPercent(row.time / lost.wholeTime) },
        { title: "Meaning", isName: true, cell: (row) => row.help },
    ];
    byID("lost").append(stack, plainTable(
        `${formatTime(lost.wholeTime)} of ${counted(lost.workers, "worker")}, by use.`, columns, rows));
}

function colourOfActivity(id) {
    if (id === "ready") return "var(--second)";
    if (id === "alone") return "var(--warning)";
    const number = activities.findIndex((activity) => activity.id === id);
    return number < 0 ? "var(--unknown)" : `var(--activity-${number})`;
}

function swatch(colour, isLine = false) {
    const made = element("span", { class: isLine ? "swatch line" : "swatch", "aria-hidden": "true" });
    if (isLine) made.style.borderColor = colour;
    else made.style.background = colour;
    return made;
}

// MARK: Slowest and worst

function pieceButton(model, piece, select) {
    return element("button", { type: "button", click: () => select(piece) }, pieceName(model, piece));
}

/// The pieces with the largest values, largest first, without sorting all pieces.
function topPieces(count, value, most) {
    const top = [];
    for (let piece = 0; piece < count; piece += 1) {
        const own = value(piece);
        if (!Number.isFinite(own) || (top.length === most && own <= top[most - 1].own)) continue;
        let place = top.length;
        while (place > 0 && top[place - 1].own < own) place -= 1;
        top.splice(place, 0, { piece, own });
        top.length = Math.min(top.length, most);
    }
    return top.map(({ piece }) => piece);
}

function fillSlowest(model, view, select) {
    const { pieces } = model;
    const top = (value) => topPieces(pieces.count, value, 8);
    const name = { title: capitalized(model.noun), isName: true, cell: (piece) => pieceButton(model, piece, select) };
    const size = { title: "Size", number: true, cell: (piece) => formatBytes(pieces.length[piece]) };
    const time = { title: "Time", number: true, cell: (piece) => formatTime(pieces.duration[piece]) };
    const speed = { title: "Speed", number: true, cell: (piece) => formatSpeed(pieces.length[piece], pieces.duration[piece]) };
    const ratio = { title: model.command === "map" ? "Output" : "Ratio", number: true, cell: (piece) => ratioText(model, piece) };
    byID("slowest").append(plainTable("", [name, size, time, speed], top((piece) => pieces.duration[piece])));
    const measure = view.measures.find(({ isShare }) => isShare);
    byID("worst-title").textContent =
        !measure ? "Lowest speed" : model.command === "map" ? "Most output for its input" : "Compresses worst";
    const worst = measure ? top((piece) => measure.share(piece)) : top((piece) => pieces.length[piece] > 0 ? -speedOf(pieces, piece) : NaN);
    byID("worst").append(plainTable("", measure ? [name, size, ratio, time] : [name, size, speed, time], worst));
}

// MARK: Failures and retries

/// The damaged ranges of a file that was salvaged.
function lostRanges({ salvage }) {
    return Array.isArray(salvage?.lost) ? salvage.lost.filter((range) => typeof range === "object" && range !== null) : [];
}

function fillFailures(model, select) {
    const { files, pieces } = model;
    const place = byID("failures");
    const failed = files.filter((file) => file.error !== null);
    const lost = files.flatMap((file) => lostRanges(file).map((range) => ({ file, range })));
    const marked = [];
    for (let piece = 0; piece < pieces.count; piece += 1) if (markOf(pieces, piece)) marked.push(piece);
    if (failed.length + lost.length + marked.length === 0) place.append(element("p", {}, "None: nothing failed, and nothing was retried."));
    const most = 1000;
    const told = (list) => (list.length > most ? `; the first ${formatCount(most)} of them` : "");
    if (failed.length > 0) {
        place.append(plainTable(`Files that failed or were skipped: ${formatCount(failed.length)}${told(failed)}`, [
            { title: "File", isName: true, cell: (file) => printable(file.input) },
            { title: "Outcome", cell: (file) => element("span", { class: file.status === "failed" ? "bad-text" : null }, statusText(file.status)) },
            { title: "Kind", cell: (file) => printable(file.error.code ?? "") },
            { title: "Message", isName: true, cell: (file) => printable(file.error.message ?? "") },
        ], failed.slice(0, most)));
    }
    if (lost.length > 0) {
        place.append(plainTable(`Damaged places: ${formatCount(lost.length)}${told(lost)}`, [
            { title: "File", isName: true, cell: ({ file }) => printable(file.input) },
            { title: "Bytes of the content", number: true, cell: ({ range }) => formatRange(range.offset, range.length ?? 0) },
            { title: "Lost", number: true, cell: ({ range }) => formatBytes(range.length) },
            { title: "Reason", isName: true, cell: ({ range }) => printable(range.reason ?? "") },
        ], lost.slice(0, most)));
    }
    if (marked.length > 0) {
        const note = (piece) => pieces.notes.get(piece) ?? {};
        place.append(plainTable(`${capitalized(model.noun)}s that failed or were retried: ${formatCount(marked.length)}${told(marked)}`, [
            { title: capitalized(model.noun), isName: true, cell: (piece) => pieceButton(model, piece, select) },
            { title: "Bytes", number: true, cell: (piece) => formatRange(pieces.offset[piece], pieces.length[piece]) },
            { title: "Tries", number: true, cell: (piece) => formatCount(pieces.tries[piece]) },
            { title: "Attempts of the command", number: true, cell: (piece) => formatCount(note(piece).attempts ?? 1) },
            { title: "Error", isName: true, cell: (piece) => printable(note(piece).error?.message ?? "none, it succeeded in the end") },
        ], marked.slice(0, most)));
    }
}

function statusText(status) {
    return { done: "✓ done", unchanged: "✓ unchanged", salvaged: "✗ damaged", failed: "✗ failed", ignored: "– ignored" }[status] ?? printable(status);
}

// MARK: Files and pieces

function fillFiles(model) {
    const { files, pieces, command } = model;
    const work = files.map((file) => pieces.duration.subarray(file.first, file.end).reduce((sum, time) => sum + time, 0));
    const rank = { failed: 4, salvaged: 3, ignored: 2 };
    const columns = [
        { title: "File", isName: true, key: (row) => files[row].input, cell: (row) => printable(files[row].input) },
        {
            title: "Outcome", key: (row) => rank[files[row].status] ?? 0,
            cell: (row) => element("span", { class: rank[files[row].status] > 2 ? "bad-text" : null }, statusText(files[row].status)),
        },
        { title: "Input", number: true, key: (row) => files[row].inputBytes ?? NaN, cell: (row) => formatBytes(files[row].inputBytes) },
    ];
    if (command !== "hash") {
        columns.push(
            { title: "Output", number: true, key: (row) => files[row].outputBytes ?? NaN, cell: (row) => formatBytes(files[row].outputBytes) },
            {
                title: "Ratio", number: true, key: (row) => files[row].outputBytes / files[row].inputBytes,
                cell: (row) => (files[row].outputBytes > 0 ? ratioOf(command, files[row].inputBytes, files[row].outputBytes) : "–"),
            });
    }
    columns.push(
        { title: `${capitalized(model.noun)}s`, number: true, key: (row) => files[row].end - files[row].first, cell: (row) => formatCount(files[row].end - files[row].first) },
        { title: "Work", number: true, key: (row) => work[row], cell: (row) => formatTime(work[row]) });
    if (files.some((file) => file.output !== null)) {
        columns.push({ title: "Target", isName: true, cell: (row) => printable(files[row].output ?? "–") });
    }
    new PagedTable(byID("files"), "The inputs and their results", columns, files.map((_, row) => row), 1, 12);
}

function fillPieces(model, select) {
    const { pieces } = model;
    byID("pieces-title").textContent = `All ${model.noun}s`;
    const column = (title, key, text) => ({ title, number: true, key, cell: (piece) => text(key(piece), piece) });
    const columns = [
        { title: capitalized(model.noun), isName: true, key: (piece) => -piece, cell: (piece) => pieceButton(model, piece, select) },
        column("Begins at", (piece) => pieces.offset[piece], formatCount),
        column("Size", (piece) => pieces.length[piece], formatBytes),
        column("Result", (piece) => pieces.bytes[piece], (bytes) => (bytes >= 0 ? formatBytes(bytes) : bytes === takenOver ? "taken over" : "–")),
        column(model.command === "map" ? "Output" : "Ratio", (piece) => pieces.bytes[piece] / pieces.length[piece], (_, piece) => ratioText(model, piece)),
        column("Started", (piece) => pieces.start[piece], formatTime),
        column("Time", (piece) => pieces.duration[piece], formatTime),
        column("Speed", (piece) => speedOf(pieces, piece), (speed) => formatSpeed(speed, 1)),
        column("Worker", (piece) => pieces.lane[piece], (lane) => model.lanes[lane].label),
        column("Tries", (piece) => pieces.tries[piece], formatCount),
    ];
    const shown = pieces.bytes.some((bytes) => bytes !== unknown) ? columns : columns.filter((_, number) => number !== 3 && number !== 4);
    new PagedTable(byID("pieces"), "Select one to show it in the timeline", shown,
        Array.from({ length: pieces.count }, (_, piece) => piece), 0, 12);
}

// MARK: Machine

function fillMachine(model) {
    const { machine, options } = model;
    const facts = [
        ["Processor", machine.cpu && `${machine.cpu}${machine.architecture ? `, ${machine.architecture}` : ""}`],
        ["Cores", machine.cores && `${machine.cores}, of which the run could use ${machine.usableCores}`],
        ["Memory", machine.memoryBytes && formatBytes(machine.memoryBytes)],
        ["System", machine.system],
        ["poolmap", model.version], ["libzstd", model.libzstd],
        ["Started", formatDate(model.started)],
        ["Processes", model.workers.length > 0 ? model.workers.slice(0, 64).join(", ") : "none"],
        ...Object.entries(options).map(([name, value]) => [`Option ${name}`, typeof value === "string" ? value : JSON.stringify(value)]),
    ];
    for (const [name, value] of facts) {
        if (!value || value === "null") continue;
        byID("machine").append(element("dt", {}, printable(name)), element("dd", {}, printable(value)));
    }
    if (!machine.cores) byID("machine").append(element("dt", {}, "Machine"), element("dd", {}, "This report is from an older version, which did not record it."));
}
