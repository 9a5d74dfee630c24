// The chip in one cycle: what every stream carries at every stop, and which units issue.

class Snapshot {
  constructor(canvas, data) {
    Object.assign(this, { canvas, data });
    this.context = canvas.getContext("2d");
  }

  resize(width, height) {
    [this.width, this.height] = [width, height];
  }

  draw(palette, cycle) {
    const { context: c, data, width, height } = this, left = 16, top = 14;
    const cell = (width - left) / data.stops, line = (height - top - 14) / 65;
    c.fillStyle = palette.panel;
    c.fillRect(0, 0, width, height);
    this.heads(palette, cell, left);
    for (const stream of data.streams) {
      const west = stream.number > 31, row = west ? stream.number + 1 : stream.number;
      const y = top + row * line;
      c.fillStyle = palette.page;
      c.fillRect(left, y, width - left, line - 0.6);
      for (const [stop, value] of this.alive(stream, cycle)) {
        c.fillStyle = palette.shades[data.word_shade[data.event_word[data.value_event[value]]]];
        c.fillRect(left + stop * cell, y, cell - 0.6, line - 0.6);
      }
    }
    this.issues(palette, cycle, cell, left, top + 32 * line, line);
    [c.fillStyle, c.font, c.textBaseline] = [palette.soft, `10px ${FONT}`, "middle"];
    c.fillText("E", 3, top + 16 * line);
    c.fillText("W", 3, top + 49 * line);
    c.fillStyle = palette.east;
    c.fillText("→", 3, top + 16 * line + 11);
    c.fillStyle = palette.west;
    c.fillText("←", 3, top + 49 * line + 11);
  }

  /** Stop and value of everything on a stream. A value lives no longer than the chip is long. */
  *alive(stream, cycle) {
    const { data } = this;
    let i = lower(stream.starts, cycle - data.stops, 0, stream.starts.length);
    for (; i < stream.starts.length && stream.starts[i] <= cycle; i++) {
      const value = stream.first + i, age = cycle - stream.starts[i];
      if (age >= data.value_life[value]) continue;
      const stop = data.queues[data.queueOf(data.value_event[value])].stop;
      yield [stop + (stream.number > 31 ? -age : age), value];
    }
  }

  /** Between the directions: the stops whose queues issue. */
  issues(palette, cycle, cell, left, y, line) {
    const { context: c, data } = this;
    for (const queue of data.lanes) {
      const event = data.eventAt(queue.number, cycle);
      if (event < 0) continue;
      c.fillStyle = palette.shades[data.word_shade[data.event_word[event]]];
      c.beginPath();
      c.arc(left + (queue.stop + 0.5) * cell, y + line / 2, 3.2, 0, 7);
      c.fill();
    }
  }

  heads(palette, cell, left) {
    const { context: c, data } = this, spans = new Map();
    for (const { unit, stop } of data.queues) {
      const [from, to] = spans.get(unit) ?? [stop, stop];
      spans.set(unit, [Math.min(from, stop), Math.max(to, stop)]);
    }
    [c.font, c.textBaseline, c.textAlign] = [`10px ${FONT}`, "middle", "center"];
    const colours = { mxm: 3, c2c: 8, sxm: 7, mem: 0, vxm: 5 };
    for (const [unit, [from, to]] of spans) {
      const x = left + from * cell, width = (to - from + 1) * cell;
      c.fillStyle = palette.shades[colours[unit.slice(0, 3)]];
      c.fillRect(x + 0.5, this.height - 12, width - 1, 3);
      c.fillStyle = palette.soft;
      if (width > 26) c.fillText(unit.toUpperCase().replace("_", " "), x + width / 2, 6);
    }
    c.textAlign = "left";
  }
}
