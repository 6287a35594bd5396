// What the drawings share: canvases that fit their place, the theme's colours, a colour scale, and the selection.

/// The current colours of the style sheet.
function palette() {
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(name).trim();
    return {
        text: colour("--text"), faint: colour("--faint"), line: colour("--line"), ground: colour("--card"),
        accent: colour("--accent"), second: colour("--second"), bad: colour("--bad"), warning: colour("--warning"),
        unknown: colour("--unknown"), scale: [0, 1, 2, 3, 4, 5].map((step) => colour(`--scale-${step}`)),
        activities: activities.map((_, number) => colour(`--activity-${number}`)),
    };
}

/// Interpolates 64 colours between those of the style sheet; `at` takes a value from 0 to 1.
function makeScale(colours) {
    const stops = colours.map((colour) => colour.match(/[0-9a-f]{2}/gi).map((digits) => parseInt(digits, 16)));
    const steps = Array.from({ length: 64 }, (_, step) => {
        const place = step / 63 * (stops.length - 1);
        const lower = Math.min(stops.length - 2, Math.floor(place));
        const mixed = stops[lower].map((value, part) => Math.round(value + (stops[lower + 1][part] - value) * (place - lower)));
        return `rgb(${mixed.join(" ")})`;
    });
    return { steps, at: (value) => steps[Math.round(Math.max(0, Math.min(1, value)) * 63)] };
}

/// A canvas as wide as its container. `paint` and `overlay` get the context, the width and the height in CSS pixels. What
/// `paint` drew is kept until the text `state` changes; `overlay` draws what changes often.
class Drawing {
    constructor(canvas, height, { state, paint, overlay }) {
        Object.assign(this, { canvas, height, state, paint, overlay });
        this.kept = { canvas: document.createElement("canvas"), state: null };
        this.isAsked = false;
        canvas.style.height = `${height}px`;
        new ResizeObserver(() => this.ask()).observe(canvas);
    }

    get width() {
        return this.canvas.clientWidth;
    }

    resize(height) {
        if (height === this.height) return;
        this.height = height;
        this.canvas.style.height = `${height}px`;
    }

    /// Paints in the next frame, once for any number of calls; at once before printing, which does not wait for a frame.
    ask() {
        if (document.documentElement.classList.contains("on-paper")) return this.draw();
        if (this.isAsked) return;
        this.isAsked = true;
        requestAnimationFrame(() => this.draw());
    }

    draw() {
        this.isAsked = false;
        const { canvas, width, height } = this;
        if (width === 0) return;
        const scale = window.devicePixelRatio || 1;
        const state = [width, height, scale, this.state()].join();
        if (state !== this.kept.state) {
            this.paint(contextOf(this.kept.canvas, width, height, scale), width, height);
            this.kept.state = state;
        }
        const context = contextOf(canvas, width, height, scale);
        context.drawImage(this.kept.canvas, 0, 0, width, height);
        this.overlay(context, width, height);
    }
}

/// Empties and resizes a canvas, and returns its context with CSS pixels as units.
function contextOf(canvas, width, height, scale) {
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    const context = canvas.getContext("2d");
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.font = "12px system-ui, sans-serif";
    context.textBaseline = "middle";
    return context;
}

/// What all drawings show: the selected piece, the visible stretch of time, and the measure for the colours.
class View extends EventTarget {
    constructor(model) {
        super();
        this.model = model;
        this.measures = makeMeasures(model);
        this.measure = this.measures[0];
        this.selected = null;
        this.from = 0;
        this.to = model.wall;
        this.refreshColours();
    }

    refreshColours() {
        this.colours = palette();
        this.scale = makeScale(this.colours.scale);
        this.changed();
    }

    /// Everything that the drawings depend on, except the selection.
    get state() {
        return [this.from, this.to, this.measure.id, ...Object.values(this.colours)].join();
    }

    changed() {
        this.dispatchEvent(new Event("change"));
    }

    select(piece) {
        this.selected = piece;
        if (piece !== null) this.show(piece);
        this.changed();
        this.dispatchEvent(new Event("select"));
    }

    /// Moves the visible stretch of time so that it contains a piece.
    show(piece) {
        const { start, duration } = this.model.pieces;
        const length = this.to - this.from;
        const middle = start[piece] + duration[piece] / 2;
        if (middle < this.from || middle > this.to) this.zoom(middle - length / 2, middle + length / 2);
    }

    zoom(from, to) {
        const length = Math.min(this.model.wall, Math.max(to - from, 10));
        this.from = Math.max(0, Math.min(from, this.model.wall - length));
        this.to = this.from + length;
        this.changed();
    }

    zoomBy(factor, middle = (this.from + this.to) / 2) {
        this.zoom(middle - (middle - this.from) * factor, middle + (this.to - middle) * factor);
    }

    colourBy(id) {
        this.measure = this.measures.find((measure) => measure.id === id) ?? this.measures[0];
        this.changed();
    }

    colourOf(piece) {
        const value = this.measure.value(piece);
        return Number.isFinite(value) ? this.scale.at(value) : this.colours.unknown;
    }
}

/// Fills a box with a pale colour, and a share of it from below with the full colour, so that the measure can be read
/// without telling colours apart.
function fillBox(context, x, y, width, height, colour, share) {
    context.fillStyle = colour;
    context.globalAlpha = 0.32;
    context.fillRect(x, y, width, height);
    context.globalAlpha = 1;
    const filled = Math.max(2, (Number.isFinite(share) ? share : 1) * height);
    context.fillRect(x, y + height - filled, width, filled);
}

/// Marks a failed piece with a cross, and a retried one in its corner.
function markBox(context, x, y, width, height, { failed, retried }, colours) {
    if (failed) {
        context.strokeStyle = colours.bad;
        context.lineWidth = 2;
        context.strokeRect(x + 1, y + 1, Math.max(1, width - 2), height - 2);
        context.beginPath();
        context.moveTo(x, y);
        context.lineTo(x + width, y + height);
        context.moveTo(x + width, y);
        context.lineTo(x, y + height);
        context.stroke();
    } else if (retried) {
        const size = Math.min(9, Math.max(4, height / 2));
        context.fillStyle = colours.warning;
        context.beginPath();
        context.moveTo(x, y);
        context.lineTo(x + size, y);
        context.lineTo(x, y + size);
        context.fill();
    }
}

function outlineBox(context, x, y, width, height, colours) {
    context.lineWidth = 4;
    context.strokeStyle = colours.ground;
    context.strokeRect(x - 1, y - 1, width + 2, height + 2);
    context.lineWidth = 2;
    context.strokeStyle = colours.text;
    context.strokeRect(x - 1, y - 1, width + 2, height + 2);
}

/// Whether a piece failed or was retried; null if neither.
function markOf(pieces, piece) {
    const note = pieces.notes.get(piece);
    const failed = note?.error !== undefined;
    const retried = pieces.tries[piece] > 1 || (note?.attempts ?? 1) > 1;
    return failed || retried ? { failed, retried } : null;
}
