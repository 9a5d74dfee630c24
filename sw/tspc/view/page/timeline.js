// The chart: density from afar, boxes nearby, words when they fit.

const BOXES = 7, WORDS = 46; // pixels of a cycle from which on they are drawn
const FONT = '"DejaVu Sans", Verdana, sans-serif';

const grouping = (n) => `${n}`.replace(/\B(?=(\d{3})+$)/g, "\u202f");

/** Distance of the ruler's marks: 1, 2 or 5 times a power of ten, at least `room` pixels. */
function tick(pixels, room) {
  const least = room / pixels, power = 10 ** Math.floor(Math.log10(Math.max(least, 1)));
  return Math.max([1, 2, 5, 10].map((m) => m * power).find((t) => t >= least), 1);
}

class Timeline {
  constructor(canvas, data, scale) {
    Object.assign(this, { canvas, data, scale });
    this.context = canvas.getContext("2d");
    this.strip = new Strip(data);
  }

  draw(palette, state) {
    const { context: c, scale } = this;
    const rows = scale.rows.filter((r) => {
      const y = scale.y(r);
      return y + r.height > RULER && y < RULER + scale.height;
    });
    c.fillStyle = palette.page;
    c.fillRect(0, 0, scale.width + GUTTER, scale.height + RULER);
    c.save();
    c.beginPath();
    c.rect(GUTTER, RULER, scale.width, scale.height);
    c.clip();
    this.bands(palette, state);
    this.grid(palette);
    this.density(rows, palette);
    if (scale.pixels >= BOXES) this.boxes(rows, palette);
    this.segments(palette);
    this.marks(palette);
    this.matches(palette, state);
    this.threads(palette, state);
    this.cursor(palette, state);
    c.restore();
    this.gutter(rows, palette, state);
    this.ruler(palette, state);
  }

  bands(palette, state) {
    const { context: c, scale } = this;
    c.fillStyle = palette.band;
    for (const g of scale.groups) {
      c.fillRect(GUTTER, RULER + g.top - scale.top - 2, scale.width, g.bottom - g.top + 4);
    }
    if (state.row) {
      c.fillStyle = palette.hover;
      c.fillRect(GUTTER, scale.y(state.row), scale.width, state.row.height);
    }
  }

  grid(palette) {
    const { context: c, scale } = this, step = tick(scale.pixels, 90);
    c.fillStyle = palette.grid;
    for (let t = Math.ceil(scale.start / step) * step; t <= scale.end; t += step) {
      c.fillRect(Math.round(scale.x(t)), RULER, 1, scale.height);
    }
  }

  density(rows, palette) {
    const { context: c, scale } = this, near = scale.pixels >= BOXES;
    const shown = near ? rows.filter((r) => r.kind === "stream") : rows;
    if (!shown.length) return;
    const image = this.strip.draw(shown, scale.start, scale.pixels, scale.width, palette);
    c.imageSmoothingEnabled = false;
    shown.forEach((row, i) => {
      const gap = row.height > 4 ? 1 : 0;
      c.drawImage(image, 0, i, image.width, 1,
        GUTTER, scale.y(row), image.width, row.height - gap);
    });
  }

  /** Events as boxes, a cycle wide. */
  boxes(rows, palette) {
    const { context: c, scale, data } = this;
    const width = Math.max(scale.pixels - 1, 1), words = scale.pixels >= WORDS;
    c.font = `10px ${FONT}`;
    c.textBaseline = "middle";
    for (const row of rows) {
      if (row.kind !== "lane") continue;
      const y = scale.y(row), height = row.height - (row.height > 4 ? 1 : 0);
      const from = lower(data.event_time, Math.floor(scale.start), row.item.first, row.item.end);
      let shade = -1;
      for (let e = from; e < row.item.end && data.event_time[e] < scale.end; e++) {
        const now = data.word_shade[data.event_word[e]];
        if (now !== shade) c.fillStyle = palette.shades[shade = now];
        const x = scale.x(data.event_time[e]);
        c.fillRect(x + 0.5, y, width, height);
        if (words && row.height >= 10) {
          this.word(this.data.mnemonic(e), x, y + height / 2 + 0.5, palette);
          shade = -1;
        }
      }
    }
  }

  word(text, x, y, palette) {
    const { context: c, scale } = this;
    c.fillStyle = palette.page;
    const room = Math.floor((scale.pixels - 8) / 6.3);
    c.fillText(text.length > room ? text.slice(0, room - 1) + "…" : text, x + 4, y);
  }

  /** Where segments begin. */
  segments(palette) {
    const { context: c, scale } = this;
    c.strokeStyle = palette.soft;
    c.setLineDash([3, 3]);
    c.beginPath();
    for (const t of this.data.notifies) {
      if (t < scale.start || t > scale.end) continue;
      const x = Math.round(scale.x(t)) + 0.5;
      c.moveTo(x, RULER);
      c.lineTo(x, RULER + scale.height);
    }
    c.stroke();
    c.setLineDash([]);
  }

  /** Differences: an empty frame where the plan has the event, a full box where it happened. */
  marks(palette) {
    const { context: c, scale, data } = this;
    [c.strokeStyle, c.fillStyle, c.lineWidth] = [palette.bad, palette.bad, 1.5];
    const width = Math.max(scale.pixels, 3);
    for (let d = 0; d < data.difference_kind.length; d++) {
      const { queue, planned, actual } = difference(data, d), row = scale.rowOf.get(queue);
      if (!row) continue;
      const times = [planned, actual].filter((t) => t !== null);
      if (Math.max(...times) < scale.start - 1 || Math.min(...times) > scale.end) continue;
      const y = scale.y(row), middle = y + row.height / 2;
      if (planned !== null) {
        c.strokeRect(scale.x(planned) - 0.5, y - 1, width, row.height + 1);
      }
      if (actual !== null) c.fillRect(scale.x(actual), y, width, row.height - 1);
      if (times.length === 2) {
        c.beginPath();
        c.moveTo(scale.x(planned) + width / 2, middle);
        c.lineTo(scale.x(actual) + width / 2, middle);
        c.stroke();
      }
    }
    c.lineWidth = 1;
  }

  /** What a search found, as far as it is in sight. */
  matches(palette, state) {
    const { context: c, scale, data } = this;
    if (!state.search.count) return;
    c.fillStyle = palette.pick;
    for (const row of scale.rows) {
      if (row.kind !== "lane" || !state.search.touches(row.item.number)) continue;
      const end = row.item.end;
      let e = lower(data.event_time, Math.floor(scale.start), row.item.first, end), last = -9;
      while (e < end && data.event_time[e] < scale.end) {
        const x = Math.round(scale.x(data.event_time[e]));
        if (state.search.hits(row.item.number, data.event_origin[e]) && x > last + 1) {
          c.fillRect(x, scale.y(row) + row.height - 3, Math.max(scale.pixels - 1, 2), 2);
          last = x;
        }
        e = scale.pixels < 1
          ? gallop(data.event_time, Math.floor(scale.cycle(x + 1)) + 1, e + 1, end) : e + 1;
      }
    }
  }

  /** The selected event, who its operands come from, and who reads its results. */
  threads(palette, state) {
    const { context: c, scale, data } = this;
    if (state.event < 0) return;
    const width = Math.max(scale.pixels, 4);
    const frame = (event, colour, size) => {
      const row = scale.rowOf.get(data.queueOf(event));
      if (!row) return null;
      const x = scale.x(data.event_time[event]), y = scale.y(row);
      [c.strokeStyle, c.lineWidth] = [colour, size];
      c.strokeRect(x - 1, y - 1.5, width + 1, row.height + 2);
      return [x + width / 2, y + row.height / 2];
    };
    const thread = (from, to, colour) => {
      if (!from || !to) return;
      const bend = Math.max(Math.abs(to[0] - from[0]) * 0.5, 12);
      [c.strokeStyle, c.lineWidth] = [colour, 1.5];
      c.beginPath();
      c.moveTo(...from);
      c.bezierCurveTo(from[0] + bend, from[1], to[0] - bend, to[1], ...to);
      c.stroke();
    };
    const own = frame(state.event, palette.pick, 2);
    for (const event of state.links.drivers) {
      thread(frame(event, palette.east, 1.5), own, palette.east);
    }
    for (const event of state.links.readers) {
      thread(own, frame(event, palette.west, 1.5), palette.west);
    }
    [c.strokeStyle, c.lineWidth] = [palette.pick, 1.5];
    c.beginPath();
    for (const value of state.links.values) {
      const row = scale.streamRow.get(data.streamOf(value));
      if (!row) continue;
      const x = scale.x(data.value_start[value]), y = scale.y(row) + row.height / 2;
      c.moveTo(x, y);
      c.lineTo(x + Math.max(data.value_life[value] * scale.pixels, 3), y);
    }
    c.stroke();
    c.lineWidth = 1;
  }

  cursor(palette, state) {
    const { context: c, scale } = this;
    if (state.cycle === null) return;
    c.fillStyle = palette.hover;
    const x = scale.x(state.cycle), width = Math.max(scale.pixels, 1);
    c.fillRect(x, RULER, width, scale.height);
    c.fillStyle = palette.accent;
    c.fillRect(Math.round(x), RULER, 1, scale.height);
  }

  gutter(rows, palette, state) {
    const { context: c, scale } = this;
    c.save();
    c.beginPath();
    c.rect(0, RULER, GUTTER, scale.height);
    c.clip();
    c.fillStyle = palette.panel;
    c.fillRect(0, RULER, GUTTER, scale.height);
    c.textBaseline = "middle";
    for (const g of scale.groups) {
      const top = RULER + g.top - scale.top, height = g.bottom - g.top;
      c.fillStyle = palette.line;
      c.fillRect(GUTTER - 66, top, 1, height);
      c.fillStyle = palette.word;
      c.font = `600 11px ${FONT}`;
      c.textAlign = "left";
      const from = Math.max(top, RULER), to = Math.min(top + height, RULER + scale.height);
      if (to - from > 5) {
        const [first, second] = g.unit.split(" "), y = (from + to) / 2;
        const split = second && to - from > 26;
        c.fillText(split ? first : g.unit, 7, split ? y - 6 : y);
        if (split) c.fillText(second, 7, y + 7);
      }
    }
    c.textAlign = "right";
    let free = -99;
    for (const row of rows) {
      const y = scale.y(row) + row.height / 2, bold = row === state.row;
      if (!bold && (y - free < 10.5 || (state.row && Math.abs(y - scale.y(state.row)
          - state.row.height / 2) < 10))) continue;
      c.font = `${bold ? "600 " : ""}${Math.min(Math.max(row.height, 8.5), 11)}px ${FONT}`;
      c.fillStyle = bold || state.search.names?.has(row.item.number) ? palette.word : palette.soft;
      c.fillText(row.item.name.replace(/^(SXM|MXM)_/, "").replace("TRANSPOSE", "TRANSP"),
        GUTTER - 6, y + 0.5);
      if (!bold) free = y;
    }
    c.textAlign = "left";
    c.restore();
    c.fillStyle = palette.line;
    c.fillRect(GUTTER - 1, RULER, 1, scale.height);
  }

  ruler(palette, state) {
    const { context: c, scale, data } = this, step = tick(scale.pixels, 90);
    c.fillStyle = palette.panel;
    c.fillRect(0, 0, scale.width + GUTTER, RULER);
    c.fillStyle = palette.line;
    c.fillRect(0, RULER - 1, scale.width + GUTTER, 1);
    [c.font, c.textBaseline, c.fillStyle] = [`11px ${FONT}`, "middle", palette.soft];
    c.fillText("cycle", 7, RULER / 2);
    for (let t = Math.ceil(scale.start / step) * step; t <= scale.end; t += step) {
      const x = Math.round(scale.x(t));
      c.fillRect(x, RULER - 6, 1, 5);
      c.fillText(grouping(t), x + 4, RULER / 2);
    }
    if (scale.x(data.done) < GUTTER + scale.width && data.done >= scale.start) {
      const x = scale.x(data.done);
      c.fillStyle = palette.good;
      c.fillRect(x, RULER - 8, 2, 8);
      const room = GUTTER + scale.width - x > 34;
      c.textAlign = room ? "left" : "right";
      c.fillText("done", room ? x + 5 : x - 3, RULER - 7);
      c.textAlign = "left";
    }
    if (state.cycle === null) return;
    const text = grouping(state.cycle), width = c.measureText(text).width + 10;
    const x = Math.min(Math.max(scale.x(state.cycle + 0.5) - width / 2, GUTTER),
      GUTTER + scale.width - width);
    c.fillStyle = palette.accent;
    c.fillRect(x, 3, width, RULER - 7);
    c.fillStyle = palette.page;
    c.fillText(text, x + 5, RULER / 2);
  }
}

/** Queue, planned and actual cycle (null: there is none) of a difference. */
function difference(data, d) {
  const event = data.difference_event[d], extra = data.difference_extra[d];
  return {
    kind: data.kinds[data.difference_kind[d]],
    event,
    extra,
    queue: event >= 0 ? data.queueOf(event) : data.extra_queue[extra],
    planned: event >= 0 ? data.event_time[event] : null,
    actual: extra >= 0 ? data.extra_time[extra] : null,
  };
}
