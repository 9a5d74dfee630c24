// Where things stand: cycles across, rows down.

const RULER = 26, GUTTER = 118, GAP = 7;
const FINEST = 150; // pixels of a cycle

class Scale {
  constructor(data) {
    this.data = data;
    this.width = this.height = 100;
    this.start = 0; // cycle at the left edge
    this.pixels = 1; // of a cycle
    this.top = 0;
    this.row = 10;
    this.idle = false;
    this.fitted = true;
  }

  /** Take a new size of the canvas, in pixels of the page. */
  resize(width, height) {
    [this.width, this.height] = [width - GUTTER, height - RULER];
    if (this.fitted) this.fit();
    this.layout();
  }

  get coarsest() {
    return this.width / (this.data.last * 1.02 + 1);
  }

  get end() {
    return this.start + this.width / this.pixels;
  }

  fit() {
    this.pixels = Math.min(this.coarsest, FINEST);
    this.start = 0;
    this.fitted = true;
    const lanes = this.data.lanes.filter((l) => this.idle || !l.idle).length;
    const streams = this.data.streams.filter((s) => this.idle || !s.idle).length;
    const room = this.height - 13 * GAP;
    this.row = Math.min(Math.max(room / (lanes + 0.5 * streams), 7), 26);
    this.top = 0;
    this.layout();
  }

  /** Rows of queues by unit, then of streams by direction: their top and height. */
  layout() {
    const rows = [], groups = [];
    let y = GAP;
    const add = (items, height, kind, unitOf) => {
      for (const item of items) {
        if (item.idle && !this.idle) continue;
        const unit = unitOf(item);
        if (groups.at(-1)?.unit !== unit) {
          y += groups.length ? GAP : 0;
          groups.push({ unit, top: y });
        }
        rows.push({ kind, item, y, height });
        y += height;
        groups.at(-1).bottom = y;
      }
    };
    add(this.data.lanes, this.row, "lane", (l) => l.unit.toUpperCase().replace("_", " "));
    add(this.data.streams, Math.max(this.row / 2, 3), "stream",
      (s) => (s.number < 32 ? "flow E" : "flow W"));
    [this.rows, this.groups, this.bottom] = [rows, groups, y + GAP];
    this.rowOf = new Map(rows.filter((r) => r.kind === "lane").map((r) => [r.item.number, r]));
    this.streamRow = new Map(
      rows.filter((r) => r.kind === "stream").map((r) => [r.item.number, r]));
    this.clamp();
  }

  clamp() {
    this.pixels = Math.min(Math.max(this.pixels, Math.min(this.coarsest, FINEST)), FINEST);
    const room = Math.max(this.data.last * 1.02 + 1 - this.width / this.pixels, 0);
    this.start = Math.min(Math.max(this.start, 0), room);
    this.top = Math.min(Math.max(this.top, 0), Math.max(this.bottom - this.height, 0));
  }

  x(cycle) { return GUTTER + (cycle - this.start) * this.pixels; }
  cycle(x) { return this.start + (x - GUTTER) / this.pixels; }
  y(row) { return RULER + row.y - this.top; }

  pan(dx, dy) {
    this.start -= dx / this.pixels;
    this.top -= dy;
    this.fitted = false;
    this.clamp();
  }

  /** Zoom in time; the cycle at x stays where it is. */
  zoom(factor, x) {
    const at = this.cycle(x);
    this.pixels *= factor;
    this.clamp();
    this.start = at - (x - GUTTER) / this.pixels;
    this.fitted = false;
    this.clamp();
  }

  heighten(factor) {
    this.row = Math.min(Math.max(this.row * factor, 4), 40);
    this.layout();
  }

  /** Bring a cycle, and a queue's row if one is named, into view. */
  reveal(cycle, queue, pixels = Math.max(this.pixels, 9)) {
    if (pixels !== this.pixels || cycle < this.start || cycle + 1 > this.end) {
      this.pixels = pixels;
      this.start = cycle - this.width / this.pixels / 2;
    }
    const row = this.rowOf.get(queue);
    if (row && (row.y < this.top || row.y + row.height > this.top + this.height)) {
      this.top = row.y - this.height / 2;
    }
    this.fitted = false;
    this.clamp();
  }

  /** The row at y, undefined between rows. */
  at(y) {
    const inside = y - RULER + this.top;
    return y < RULER ? undefined
      : this.rows.find((r) => inside >= r.y && inside < r.y + r.height);
  }
}
