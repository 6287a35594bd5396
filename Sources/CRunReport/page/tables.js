// Tables; everything that a drawing shows can be read in one.

/// A table short enough to show whole.
///
/// Each column has a `title`, a flag `number`, and `cell`, which returns the text or element for a row.
function plainTable(caption, columns, rows) {
    const head = columns.map((column) => element("th", { scope: "col", class: classOf(column) }, column.title));
    return element("div", { class: "scroll" }, element("table", {},
        caption ? element("caption", {}, caption) : null, element("thead", {}, element("tr", {}, ...head)),
        element("tbody", {}, ...rows.map((row) => rowOf(columns, row)))));
}

function rowOf(columns, row) {
    return element("tr", {}, ...columns.map((column) => element("td", { class: classOf(column) }, column.cell(row))));
}

function classOf(column) {
    return column.number ? "number" : column.isName ? "name" : null;
}

/// A table of many rows that shows a page at a time; its column heads sort it.
class PagedTable {
    /// `rows` are numbers from 0 on. A column's `key` gives the sort key of a row; the first click sorts downwards.
    constructor(place, caption, columns, rows, sortedBy, pageRows = 25) {
        Object.assign(this, { columns, rows, pageRows, page: 0, sorted: sortedBy, isRising: false });
        this.heads = columns.map((column, number) => this.head(column, number));
        this.body = element("tbody");
        this.place = element("span", { role: "status" });
        this.back = element("button", { type: "button", click: () => this.turn(-1) }, "Previous");
        this.forth = element("button", { type: "button", click: () => this.turn(1) }, "Next");
        place.append(element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
            element("table", {}, element("caption", {}, caption), element("thead", {}, element("tr", {}, ...this.heads)), this.body)));
        if (rows.length > pageRows) place.append(element("div", { class: "pages" }, this.back, this.forth, this.place));
        this.sort();
    }

    head(column, number) {
        const button = column.key
            ? element("button", { type: "button", click: () => this.sortBy(number) }, column.title) : column.title;
        return element("th", { scope: "col", class: classOf(column) }, button);
    }

    sortBy(number) {
        this.isRising = this.sorted === number ? !this.isRising : false;
        this.sorted = number;
        this.page = 0;
        this.sort();
    }

    sort() {
        const { key } = this.columns[this.sorted];
        const keys = [];
        for (const row of this.rows) keys[row] = key(row);
        const order = this.isRising ? 1 : -1;
        this.rows.sort((one, other) => compare(keys[one], keys[other]) * order || one - other);
        this.heads.forEach((head, number) => {
            const direction = this.isRising ? "ascending" : "descending";
            if (this.columns[number].key) head.setAttribute("aria-sort", number === this.sorted ? direction : "none");
        });
        this.fill();
    }

    turn(step) {
        this.page += step;
        this.fill();
    }

    fill() {
        const { rows, page, pageRows } = this;
        const first = page * pageRows;
        this.body.replaceChildren(...rows.slice(first, first + pageRows).map((row) => rowOf(this.columns, row)));
        this.place.textContent =
            `${formatCount(first + 1)} to ${formatCount(Math.min(rows.length, first + pageRows))} of ${formatCount(rows.length)}`;
        this.back.disabled = page === 0;
        this.forth.disabled = first + pageRows >= rows.length;
    }
}

/// Compares sort keys; unknown numbers count as the smallest.
function compare(one, other) {
    if (typeof one === "string") return one < other ? -1 : one > other ? 1 : 0;
    return (Number.isFinite(one) ? one : -Infinity) - (Number.isFinite(other) ? other : -Infinity) || 0;
}
