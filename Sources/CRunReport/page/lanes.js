// The workers' lanes, with a box for each piece from its start to its end.

const gutter = 112;
const rightMargin = 12;
const axisHeight = 24;

/// Converts between time and the x coordinate of a drawing.
function timeScale(view, width) {
    const inner = Math.max(1, width - gutter - rightMargin);
    const length = view.to - view.from;
    return {
        inner, x: (time) => gutter + (time - view.from) / length * inner,
        time: (x) => view.from + (x - gutter) / inner * length, perPixel: length / inner,
    };
}

/// A round number of microseconds that gives about `count` steps.
function roundStep(length, count) {
    const rough = length / count;
    const power = 10 ** Math.floor(Math.log10(rough));
    return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= rough);
}

function drawTimeAxis(context, view, width, height) {
    const scale = timeScale(view, width);
    const step = roundStep(view.to - view.from, Math.max(2, scale.inner / 110));
    context.textAlign = "left";
    for (let time = Math.ceil(view.from / step) * step; time <= view.to; time += step) {
        const x = Math.round(scale.x(time)) + 0.5;
        context.strokeStyle = view.colours.line;
        context.lineWidth = 1;
        context.beginPath();
        context.moveTo(x, 4);
        context.lineTo(x, height);
        context.stroke();
        context.fillStyle = view.colours.faint;
        if (x < width - 44) context.fillText(time === 0 ? "0" : formatTime(time), x + 4, 10);
    }
}

class Lanes {
    constructor(view, canvas) {
        this.view = view;
        this.canvas = canvas;
        this.laneHeight = this.bestHeight();
        const height = axisHeight + view.model.lanes.length * this.laneHeight + 6;
        this.drawing = new Drawing(canvas, height, {
            state: () => view.state, paint: (...place) => this.paint(...place), overlay: (...place) => this.overlay(...place),
        });
        this.dragged = null;
        view.addEventListener("change", () => this.drawing.ask());
    }

    bestHeight() {
        const { length } = this.view.model.lanes;
        return [[4, 40], [8, 30], [16, 22], [32, 16], [64, 12]].find(([most]) => length <= most)?.[1] ?? 8;
    }

    top(lane) {
        return axisHeight + lane * this.laneHeight;
    }

    paint(context, width, height) {
        const { view } = this;
        drawTimeAxis(context, view, width, height);
        view.model.lanes.forEach((lane, number) => this.paintLane(context, width, lane, number));
    }

    overlay(context, width, height) {
        const { view } = this;
        if (view.selected !== null) this.outline(context, width, view.selected);
        if (this.dragged) {
            context.fillStyle = view.colours.accent;
            context.globalAlpha = 0.18;
            context.fillRect(Math.min(...this.dragged), 0, Math.abs(this.dragged[1] - this.dragged[0]), height);
            context.globalAlpha = 1;
        }
    }

    outline(context, width, piece) {
        const { view, laneHeight } = this;
        const { pieces } = view.model;
        const scale = timeScale(view, width);
        const [x, end] = [pieces.start[piece], endOf(pieces, piece)]
            .map((time) => Math.max(gutter, Math.min(width - rightMargin, scale.x(time))));
        outlineBox(context, x, this.top(pieces.lane[piece]) + 2, Math.max(2, end - x), laneHeight - 4, view.colours);
    }

    paintLane(context, width, lane, number) {
        const { view, laneHeight } = this;
        const y = this.top(number);
        context.fillStyle = view.colours.line;
        context.globalAlpha = 0.35;
        context.fillRect(gutter, y + 2, width - gutter - rightMargin, laneHeight - 4);
        context.globalAlpha = 1;
        context.fillStyle = view.colours.text;
        context.textAlign = "left";
        if (laneHeight >= 12) context.fillText(lane.label, 0, y + laneHeight / 2);
        context.save();
        context.beginPath();
        context.rect(gutter, 0, width - gutter - rightMargin, y + laneHeight + 2);
        context.clip();
        this.paintPieces(context, width, lane, y + 2, laneHeight - 4);
        context.restore();
    }

    /// Draws the pieces of a lane; pieces narrower than a pixel are merged.
    paintPieces(context, width, lane, y, height) {
        const { view } = this;
        const { pieces } = view.model;
        const scale = timeScale(view, width);
        const narrow = new NarrowPieces(view, (x, share, value) => {
            context.globalAlpha = Math.max(0.15, share);
            fillBox(context, x, y, 1, height, Number.isFinite(value) ? view.scale.at(value) : view.colours.unknown, value);
        });
        const marked = [];
        for (let place = firstBehind(lane.pieces, pieces, view.from); place < lane.pieces.length; place += 1) {
            const piece = lane.pieces[place];
            if (pieces.start[piece] > view.to) break;
            const [x, end] = [scale.x(pieces.start[piece]), scale.x(endOf(pieces, piece))];
            if (end - x < 1.5) narrow.add(piece, x, end);
            else this.paintPiece(context, piece, x, y, end - x, height);
            if (pieces.tries[piece] > 1 || pieces.notes.has(piece)) marked.push([piece, x, end]);
        }
        narrow.flush();
        context.globalAlpha = 1;
        for (const [piece, x, end] of marked) {
            const mark = markOf(pieces, piece);
            if (mark) markBox(context, x, y, Math.max(3, end - x), height, mark, view.colours);
        }
    }

    paintPiece(context, piece, x, y, width, height) {
        const { view } = this;
        const gap = width > 5 ? 1 : 0;
        fillBox(context, x, y, width - gap, height, view.colourOf(piece), view.measure.value(piece));
        if (width < 44 || height < 14 || x + width < gutter) return;
        // With a background of its own, the number is readable on any colour.
        const text = formatCount(view.model.pieces.index[piece]);
        const start = Math.max(x, gutter) + 3;
        context.textAlign = "left";
        context.fillStyle = view.colours.ground;
        context.globalAlpha = 0.85;
        context.fillRect(start, y + 3, context.measureText(text).width + 6, 14);
        context.globalAlpha = 1;
        context.fillStyle = view.colours.text;
        context.fillText(text, start + 3, y + 10.5);
    }

    /// The piece at a position, or the nearest in its lane within a few pixels; null if there is none.
    pieceAt(x, y) {
        const { view } = this;
        const lane = view.model.lanes[Math.floor((y - axisHeight) / this.laneHeight)];
        if (!lane || x < gutter) return null;
        const scale = timeScale(view, this.drawing.width);
        return nearestPiece(lane, view.model.pieces, scale.time(x), scale.perPixel * 3);
    }
}

/// Merges pieces narrower than a pixel into one column per pixel.
class NarrowPieces {
    constructor(view, paint) {
        this.view = view;
        this.paint = paint;
        this.x = -1;
        this.clear();
    }

    clear() {
        this.width = 0;
        this.sum = 0;
        this.known = 0;
    }

    add(piece, x, end) {
        const pixel = Math.floor(x);
        if (pixel !== this.x) {
            this.flush();
            this.x = pixel;
        }
        const width = Math.max(0.02, end - x);
        const value = this.view.measure.value(piece);
        this.width += width;
        if (!Number.isFinite(value)) return;
        this.sum += value * width;
        this.known += width;
    }

    flush() {
        if (this.width > 0) this.paint(this.x, Math.min(1, this.width), this.sum / this.known);
        this.clear();
    }
}

/// The position of the first piece of a lane that ends after `time`.
function firstBehind(list, pieces, time) {
    let [low, high] = [0, list.length];
    while (low < high) {
        const middle = (low + high) >> 1;
        if (endOf(pieces, list[middle]) < time) low = middle + 1;
        else high = middle;
    }
    return low;
}

function nearestPiece(lane, pieces, time, reach) {
    const place = firstBehind(lane.pieces, pieces, time);
    const distance = (piece) => Math.max(0, pieces.start[piece] - time, time - endOf(pieces, piece));
    const candidates = lane.pieces.slice(Math.max(0, place - 1), place + 1);
    candidates.sort((one, other) => distance(one) - distance(other));
    return candidates.length > 0 && distance(candidates[0]) <= reach ? candidates[0] : null;
}

/// The piece that a key moves to in the lanes; undefined for other keys.
function neighbourInLanes(model, piece, key) {
    const { pieces, lanes } = model;
    if (piece === null) return lanes[0]?.pieces[0] ?? null;
    const lane = pieces.lane[piece];
    const list = lanes[lane].pieces;
    const place = list.indexOf(piece);
    switch (key) {
        case "ArrowLeft": return list[Math.max(0, place - 1)];
        case "ArrowRight": return list[Math.min(list.length - 1, place + 1)];
        case "Home": return list[0];
        case "End": return list[list.length - 1];
        case "ArrowUp": case "ArrowDown": {
            const other = lanes[lane + (key === "ArrowUp" ? -1 : 1)];
            return other ? nearestPiece(other, pieces, pieces.start[piece] + pieces.duration[piece] / 2, Infinity) : piece;
        }
        default: return undefined;
    }
}
