// The input from first byte to last, wrapped into lines like text; each piece is as wide as it is long.

const mapLine = 22;
const mapGap = 4;

class InputMap {
    constructor(view, canvas) {
        this.view = view;
        this.canvas = canvas;
        const { pieces } = view.model;
        // The start of each piece among the bytes of all inputs. A piece without bytes gets a little room too.
        this.starts = new Float64Array(pieces.count + 1);
        const least = pieces.length.reduce((sum, length) => sum + length, 0) / 1e6 || 1;
        for (let piece = 0; piece < pieces.count; piece += 1) {
            this.starts[piece + 1] = this.starts[piece] + Math.max(least, pieces.length[piece]);
        }
        this.bytes = this.starts[pieces.count] || 1;
        this.lines = 1;
        this.drawing = new Drawing(canvas, mapLine, {
            state: () => [view.measure.id, ...Object.values(view.colours), this.lines].join(), paint: (...place) => this.paint(...place),
            overlay: (...place) => this.overlay(...place),
        });
        view.addEventListener("change", () => this.drawing.ask());
        new ResizeObserver(() => this.fit()).observe(canvas);
    }

    /// Chooses the number of lines so that a piece is about 22 pixels wide, if possible.
    fit() {
        const { count } = this.view.model.pieces;
        const wanted = Math.ceil(count * 22 / Math.max(1, this.drawing.width));
        this.lines = Math.max(1, Math.min(12, wanted));
        this.drawing.resize(this.lines * (mapLine + mapGap) + 2);
        this.drawing.ask();
    }

    get perLine() {
        return this.bytes / this.lines;
    }

    paint(context, width) {
        const marks = [];
        for (let line = 0; line < this.lines; line += 1) this.paintLine(context, width, line, marks);
        context.globalAlpha = 1;
        const { model, colours } = this.view;
        for (const [piece, x, y, length] of marks) {
            const mark = markOf(model.pieces, piece);
            if (mark) markBox(context, x, y, Math.max(3, length), mapLine, mark, colours);
        }
    }

    /// Outlines the selected piece, which can span several lines.
    overlay(context, width) {
        const { selected, colours } = this.view;
        if (selected === null) return;
        const [start, end] = [this.starts[selected], this.starts[selected + 1]];
        for (let line = Math.floor(start / this.perLine); line < this.lines && line * this.perLine < end; line += 1) {
            const x = (byte) => Math.max(0, Math.min(1, byte / this.perLine - line)) * width;
            outlineBox(context, x(start), 1 + line * (mapLine + mapGap), Math.max(2, x(end) - x(start)), mapLine, colours);
        }
    }

    paintLine(context, width, line, marks) {
        const { view } = this;
        const { pieces } = view.model;
        const y = 1 + line * (mapLine + mapGap);
        const [from, to] = [line * this.perLine, (line + 1) * this.perLine];
        const x = (byte) => (Math.max(from, Math.min(to, byte)) - from) / this.perLine * width;
        const narrow = new NarrowPieces(view, (pixel, _, value) => {
            fillBox(context, pixel, y, 1, mapLine, Number.isFinite(value) ? view.scale.at(value) : view.colours.unknown, value);
        });
        for (let piece = this.pieceAtByte(from); piece < pieces.count && this.starts[piece] < to; piece += 1) {
            const [start, end] = [x(this.starts[piece]), x(this.starts[piece + 1])];
            if (end - start < 2) narrow.add(piece, start, end);
            else {
                const gap = end - start > 5 ? 1 : 0;
                fillBox(context, start, y, end - start - gap, mapLine, view.colourOf(piece), view.measure.value(piece));
            }
            const isMarked = pieces.tries[piece] > 1 || pieces.notes.has(piece);
            if (isMarked) marks.push([piece, start, y, end - start]);
        }
        narrow.flush();
    }

    pieceAtByte(byte) {
        let [low, high] = [0, this.view.model.pieces.count - 1];
        while (low < high) {
            const middle = (low + high + 1) >> 1;
            if (this.starts[middle] <= byte) low = middle;
            else high = middle - 1;
        }
        return low;
    }

    pieceAt(x, y) {
        const line = Math.floor((y - 1) / (mapLine + mapGap));
        if (line < 0 || line >= this.lines || this.view.model.pieces.count === 0) return null;
        return this.pieceAtByte((line + x / this.drawing.width) * this.perLine);
    }

    /// The piece that a key moves to; undefined for other keys.
    neighbour(piece, key) {
        const { count } = this.view.model.pieces;
        if (piece === null) return count > 0 ? 0 : null;
        const within = (number) => Math.max(0, Math.min(count - 1, number));
        const middle = (this.starts[piece] + this.starts[piece + 1]) / 2;
        switch (key) {
            case "ArrowLeft": return within(piece - 1);
            case "ArrowRight": return within(piece + 1);
            case "ArrowUp": return this.pieceAtByte(Math.max(0, middle - this.perLine));
            case "ArrowDown": return this.pieceAtByte(Math.min(this.bytes, middle + this.perLine));
            case "Home": return 0;
            case "End": return within(count - 1);
            default: return undefined;
        }
    }
}
