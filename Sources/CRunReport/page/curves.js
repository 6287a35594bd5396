// Throughput, busy workers, the queue and the main process, over the same stretch of time as the lanes.

class Curves {
    constructor(view, canvas, lost) {
        this.view = view;
        this.hasQueue = knowsQueue(view.model);
        this.rows = [{ name: "throughput", height: 84, paint: (...place) => this.paintThroughput(...place) }];
        this.rows.push({ name: "busy workers", height: 56, paint: (...place) => this.paintBusy(...place) });
        if (this.hasQueue) this.rows.push({ name: "queue", height: 70, paint: (...place) => this.paintQueue(...place) });
        if (view.model.main) this.rows.push({ name: "main process", height: 40, paint: (...place) => this.paintFront(...place) });
        this.lost = lost;
        this.drawing = new Drawing(canvas, axisHeight + this.rows.reduce((sum, row) => sum + row.height + 14, 0),
            { state: () => view.state, paint: (...place) => this.paint(...place), overlay: (...place) => this.overlay(...place) });
        view.addEventListener("change", () => this.drawing.ask());
    }

    paint(context, width, height) {
        const { view } = this;
        const scale = timeScale(view, width);
        drawTimeAxis(context, view, width, height);
        this.flow = flow(view.model, view.from, view.to, Math.max(1, Math.floor(scale.inner / 4)));
        let y = axisHeight;
        for (const row of this.rows) {
            context.fillStyle = view.colours.text;
            context.textAlign = "left";
            context.fillText(row.name, 0, y + 8);
            row.paint(context, y, row.height, scale);
            y += row.height + 14;
        }
    }

    overlay(context, width, height) {
        const { view } = this;
        if (view.selected === null) return;
        const { pieces } = view.model;
        const scale = timeScale(view, width);
        const [start, end] = [pieces.start[view.selected], endOf(pieces, view.selected)].map(scale.x);
        context.fillStyle = view.colours.accent;
        context.globalAlpha = 0.16;
        context.fillRect(Math.max(gutter, start), axisHeight, Math.max(1, end - Math.max(gutter, start)), height);
        context.globalAlpha = 1;
    }

    paintThroughput(context, y, height, scale) {
        const { colours } = this.view;
        const most = Math.max(...this.flow.bytes) || 1;
        this.note(context, y, formatSpeed(most, 1));
        paintArea(context, this.flow.bytes, most, y, height, scale, colours.accent, { filled: true });
    }

    paintBusy(context, y, height, scale) {
        const { colours } = this.view;
        this.note(context, y, `of ${this.lost.workers}`);
        paintArea(context, this.flow.busy, this.lost.workers, y, height, scale, colours.second, { filled: true });
    }

    paintQueue(context, y, height, scale) {
        const { colours } = this.view;
        const most = Math.max(1, ...this.flow.queued, ...this.flow.turn);
        this.note(context, y, `up to ${significant(most)}`);
        paintArea(context, this.flow.queued, most, y, height, scale, colours.accent, { filled: true });
        paintArea(context, this.flow.turn, most, y, height, scale, colours.warning, { dash: [5, 3] });
    }

    /// Draws the activities of the main process as stacked columns.
    paintFront(context, y, height, scale) {
        const { model, colours, from, to } = this.view;
        const bucket = model.main.bucketNanoseconds / 1000;
        const count = Math.max(...activities.map(({ id }) => model.main[id]?.length ?? 0));
        for (let number = Math.floor(from / bucket); number < count && number * bucket < to; number += 1) {
            const [x, end] = [number, number + 1].map((place) => Math.max(gutter, scale.x(Math.min(place * bucket, to))));
            let bottom = y + height;
            const times = activities.map(({ id }) => model.main[id]?.[number] ?? 0);
            const sum = times.reduce((all, time) => all + time, 0);
            times.forEach((time, place) => {
                if (time === 0) return;
                const part = time / sum * height;
                bottom -= part;
                context.fillStyle = colours.activities[place];
                context.fillRect(x, bottom, Math.max(0.5, end - x + 0.3), part);
            });
        }
    }

    note(context, y, text) {
        context.fillStyle = this.view.colours.faint;
        context.textAlign = "left";
        context.fillText(text, 0, y + 25);
    }
}

/// Draws rates as a curve.
function paintArea(context, rates, most, y, height, scale, colour, { filled = false, dash = [] }) {
    const step = scale.inner / rates.length;
    const top = (rate) => y + height - Math.min(1, rate / most) * height;
    context.beginPath();
    context.moveTo(gutter, top(rates[0]));
    rates.forEach((rate, bin) => context.lineTo(gutter + (bin + 0.5) * step, top(rate)));
    context.lineTo(gutter + scale.inner, top(rates[rates.length - 1]));
    context.strokeStyle = colour;
    context.lineWidth = 1.5;
    context.setLineDash(dash);
    context.stroke();
    context.setLineDash([]);
    if (!filled) return;
    context.lineTo(gutter + scale.inner, y + height);
    context.lineTo(gutter, y + height);
    context.fillStyle = colour;
    context.globalAlpha = 0.22;
    context.fill();
    context.globalAlpha = 1;
}
