// Puts the page together and connects its parts.

function startPage() {
    const model = readRun(byID("report-data").textContent);
    const view = new View(model);
    const lost = lostTime(model);
    const select = (piece) => {
        view.select(piece);
        byID("timeline").scrollIntoView({ block: "nearest" });
        byID("lanes").focus({ preventScroll: true });
    };
    byID("main").hidden = false;
    fillSummary(model, lost);
    fillLost(model, lost);
    fillSlowest(model, view, select);
    fillFailures(model, select);
    fillFiles(model);
    fillPieces(model, select);
    fillMachine(model);
    startTimeline(model, view, lost);
    startMap(model, view);
    followTheme(view);
    document.documentElement.dataset.ready = "true";
}

function startTimeline(model, view, lost) {
    const { lanes, pieces, wall, noun } = model;
    const canvas = byID("lanes");
    canvas.setAttribute("aria-label",
        `${counted(pieces.count, noun)} by ${counted(lanes.length, "process", "processes")} in ${formatTime(wall)}`);
    const drawing = new Lanes(view, canvas);
    const curves = new Curves(view, byID("curves"), lost);
    const speed = model.totals.inputBytes / wall;
    byID("curves").setAttribute("aria-label",
        `Throughput, ${formatSpeed(speed, 1)} on average, busy workers and the queue over time; there is a table below`);
    pointAt(canvas, drawing, view);
    steer(canvas, view, (piece, key) => neighbourInLanes(model, piece, key));
    dragToZoom(canvas, drawing, view);
    view.addEventListener("select", () => showPiece(model, view.selected));
    showPiece(model, null);
    fillMeasures(view);
    fillCurvesLegend(model, curves);
    byID("zoom-in").addEventListener("click", () => view.zoomBy(0.5));
    byID("zoom-out").addEventListener("click", () => view.zoomBy(2));
    byID("zoom-all").addEventListener("click", () => view.zoom(0, wall));
    whenOpened("lanes-table", () => lanesTable(model));
    whenOpened("curves-table", () => curvesTable(model));
}

function startMap(model, view) {
    const canvas = byID("map");
    const map = new InputMap(view, canvas);
    const order = model.files.length > 1 ? "All inputs, one after the other" : "The input from its first byte to its last";
    byID("map-hint").textContent = `${order}; each ${model.noun} is as wide as it is long. Arrow keys go from one to the next.`;
    canvas.setAttribute("aria-label", `${counted(model.pieces.count, model.noun)} in the order of the input, ${formatBytes(model.totals.inputBytes)}`);
    pointAt(canvas, map, view);
    steer(canvas, view, (piece, key) => map.neighbour(piece, key));
    whenOpened("map-table", () => mapTable(model, view));
}

// MARK: Pointer and keys

/// Shows the piece under the pointer, and selects it on a click.
function pointAt(canvas, drawing, view) {
    const tooltip = byID("tooltip");
    const pieceAt = (event) => {
        const box = canvas.getBoundingClientRect();
        return drawing.pieceAt(event.clientX - box.left, event.clientY - box.top);
    };
    canvas.addEventListener("pointermove", (event) => {
        const piece = pieceAt(event);
        tooltip.hidden = piece === null;
        if (piece === null) return;
        tooltip.replaceChildren(...factElements(pieceFacts(view.model, piece)));
        placeTooltip(tooltip, event.clientX, event.clientY);
    });
    canvas.addEventListener("pointerleave", () => { tooltip.hidden = true; });
    canvas.addEventListener("click", (event) => {
        const piece = pieceAt(event);
        if (piece !== null) view.select(piece);
    });
}

function placeTooltip(tooltip, x, y) {
    const { offsetWidth: width, offsetHeight: height } = tooltip;
    const isLow = y + height + 20 > window.innerHeight;
    tooltip.style.left = `${Math.max(4, Math.min(x + 14, window.innerWidth - width - 8))}px`;
    tooltip.style.top = `${Math.max(4, isLow ? y - height - 14 : y + 16)}px`;
}

function steer(canvas, view, neighbour) {
    canvas.addEventListener("keydown", (event) => {
        if (event.ctrlKey || event.metaKey || event.altKey) return;
        if (event.key === "+" || event.key === "=") view.zoomBy(0.5, middleOfSelected(view));
        else if (event.key === "-") view.zoomBy(2, middleOfSelected(view));
        else if (event.key === "Escape" || event.key === "0") view.zoom(0, view.model.wall);
        else {
            const piece = neighbour(view.selected, event.key);
            if (piece === undefined) return;
            view.select(piece);
        }
        event.preventDefault();
    });
}

function middleOfSelected({ selected, model }) {
    return selected === null ? undefined : model.pieces.start[selected] + model.pieces.duration[selected] / 2;
}

function dragToZoom(canvas, lanes, view) {
    let start = null;
    const xOf = (event) => Math.max(gutter, event.clientX - canvas.getBoundingClientRect().left);
    canvas.addEventListener("pointerdown", (event) => {
        if (event.pointerType === "mouse" && event.button === 0) start = xOf(event);
    });
    canvas.addEventListener("pointermove", (event) => {
        if (start === null || Math.abs(xOf(event) - start) < 4) return;
        lanes.dragged = [start, xOf(event)];
        lanes.drawing.ask();
    });
    window.addEventListener("pointerup", () => {
        const dragged = lanes.dragged;
        start = lanes.dragged = null;
        if (!dragged) return;
        const scale = timeScale(view, lanes.drawing.width);
        view.zoom(scale.time(Math.min(...dragged)), scale.time(Math.max(...dragged)));
    });
    canvas.addEventListener("wheel", (event) => {
        if (!event.ctrlKey && !event.metaKey) return;
        event.preventDefault();
        view.zoomBy(event.deltaY < 0 ? 0.8 : 1.25, timeScale(view, lanes.drawing.width).time(xOf(event)));
    }, { passive: false });
}

function showPiece(model, piece) {
    const elements = piece === null ? [`No ${model.noun} is selected.`] : factElements(pieceFacts(model, piece));
    byID("piece").replaceChildren(...elements);
    byID("map-piece").replaceChildren(...elements.map((one) => (typeof one === "string" ? one : one.cloneNode(true))));
}

// MARK: Legends

function fillMeasures(view) {
    const choice = byID("measure");
    choice.append(...view.measures.map(({ id, name }) => element("option", { value: id }, name)));
    choice.addEventListener("change", () => {
        view.colourBy(choice.value);
        fillScaleLegend(view);
    });
    fillScaleLegend(view);
}

function fillScaleLegend(view) {
    const { measure } = view;
    const ramp = element("span", { class: "ramp", "aria-hidden": "true" }, ...[0, 1, 2, 3, 4, 5].map((step) => {
        const part = element("i");
        part.style.height = `${4 + step * 2.8}px`;
        part.style.background = `var(--scale-${step})`;
        return part;
    }));
    const how = measure.isShare ? "a box is filled as high as its share" : "a box is filled as high as its value";
    byID("scale-legend").replaceChildren(
        element("span", {}, measure.low, ramp, measure.high), element("span", {}, `${measure.name}: ${how}`),
        element("span", {}, "✗ crossed out: failed"), element("span", {}, "◤ corner: retried"));
}

function fillCurvesLegend(model, curves) {
    const [items, ofMain] = [[], []];
    if (curves.hasQueue) {
        items.push(element("span", {}, swatch("var(--accent)"), `${model.noun}s waiting for a worker`),
            element("span", {}, swatch("var(--warning)", true), "results waiting to be taken"));
    }
    if (model.main) {
        const names = { waitingForInput: "waits for input", waitingForTokens: "waits for make's tokens", waitingForRoom: "waits for room",
            takingResults: "takes and writes results", handingOut: "reads and hands out", waitingForResults: "all is handed out" };
        ofMain.push(element("span", {}, "The main process:"));
        for (const { id } of activities) {
            if (model.main[id]?.some((time) => time > 0)) ofMain.push(element("span", {}, swatch(colourOfActivity(id)), names[id]));
        }
    }
    if (items.length === 0) items.push(element("span", {}, "This report is from an older version, which did not record waits."));
    byID("curves-legend").append(...items);
    byID("main-legend").append(...ofMain);
}

// MARK: Tables for the drawings

/// Fills a table when it is opened for the first time.
function whenOpened(id, make) {
    byID(id).addEventListener("toggle", (event) => {
        if (event.target.open && event.target.childElementCount === 1) event.target.append(make());
    });
}

function lanesTable(model) {
    const { pieces, wall } = model;
    const sum = (lane, column) => lane.pieces.reduce((all, piece) => all + column[piece], 0);
    return plainTable("", [
        { title: "Worker", cell: (lane) => lane.label },
        { title: "Processes", isName: true, cell: (lane) => lane.pids.join(", then ") },
        { title: `${capitalized(model.noun)}s`, number: true, cell: (lane) => formatCount(lane.pieces.length) },
        { title: "Input", number: true, cell: (lane) => formatBytes(sum(lane, pieces.length)) },
        { title: "Busy", number: true, cell: (lane) => formatTime(sum(lane, pieces.duration)) },
        { title: "Share of the run", number: true, cell: (lane) => formatPercent(sum(lane, pieces.duration) / wall) },
        { title: "Longest gap", number: true, cell: (lane) => formatTime(longestGap(lane, model)) },
    ], model.lanes);
}

function longestGap(lane, { pieces, wall }) {
    let [end, longest] = [0, 0];
    for (const piece of lane.pieces) {
        longest = Math.max(longest, pieces.start[piece] - end);
        end = endOf(pieces, piece);
    }
    return Math.max(longest, wall - end);
}

function curvesTable(model) {
    const count = 20;
    const steps = flow(model, 0, model.wall, count);
    const rows = Array.from({ length: count }, (_, step) => step);
    const columns = [
        { title: "From", number: true, cell: (step) => formatTime(model.wall / count * step) },
        { title: "To", number: true, cell: (step) => formatTime(model.wall / count * (step + 1)) },
        { title: "Throughput", number: true, cell: (step) => formatSpeed(steps.bytes[step], 1) },
        { title: "Busy workers", number: true, cell: (step) => steps.busy[step].toFixed(2) },
    ];
    if (knowsQueue(model)) {
        columns.push({ title: "Waiting for a worker", number: true, cell: (step) => steps.queued[step].toFixed(1) },
            { title: "Results waiting", number: true, cell: (step) => steps.turn[step].toFixed(1) });
    }
    return plainTable("Means of twenty equal stretches of the run", columns, rows);
}

/// A table of at most fifty ranges with equally many pieces.
function mapTable(model, view) {
    const { pieces } = model;
    const groups = Math.min(50, pieces.count);
    const rows = Array.from({ length: groups }, (_, group) => {
        const [first, end] = [group, group + 1].map((number) => Math.floor(number * pieces.count / groups));
        const sum = (column) => column.subarray(first, end).reduce((all, value) => all + Math.max(0, value), 0);
        return { first, last: end - 1, length: sum(pieces.length), bytes: sum(pieces.bytes), duration: sum(pieces.duration) };
    });
    const columns = [
        { title: "From", isName: true, cell: (row) => pieceName(model, row.first) },
        { title: "To", isName: true, cell: (row) => pieceName(model, row.last) },
        { title: "Input", number: true, cell: (row) => formatBytes(row.length) },
        { title: "Result", number: true, cell: (row) => formatBytes(row.bytes) },
        { title: "Ratio", number: true, cell: (row) => (row.bytes > 0 ? ratioOf(model.command, row.length, row.bytes) : "–") },
        { title: "Speed", number: true, cell: (row) => formatSpeed(row.length, row.duration) },
    ];
    const hasResults = view.measures.some(({ isShare }) => isShare);
    return plainTable("", hasResults ? columns : columns.filter((_, number) => number !== 3 && number !== 4), rows);
}

// MARK: Light, dark, and paper

function followTheme(view) {
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => view.refreshColours());
    matchMedia("(prefers-contrast: more)").addEventListener("change", () => view.refreshColours());
    window.addEventListener("beforeprint", () => {
        document.documentElement.classList.add("on-paper");
        view.refreshColours();
    });
    window.addEventListener("afterprint", () => {
        document.documentElement.classList.remove("on-paper");
        view.refreshColours();
    });
}

startPage();
