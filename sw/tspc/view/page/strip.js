// Density: one row of pixels for each row of the chart, drawn out to its height afterwards.
//
// Pixel k shows the whole cycles from floor(t[k]) to floor(t[k + 1]), at least one. Sums up to
// every event make the exact mixture of any number of them as cheap as that of one, so no level
// of detail is an approximation of another.

const RGB = /(\w\w)(\w\w)(\w\w)/;

/** Colours of the style sheet: text for drawing, numbers for pixels. */
class Palette {
  constructor(shades) {
    const style = getComputedStyle(document.documentElement);
    this.of = (name) => style.getPropertyValue(`--${name}`).trim();
    this.numbers = (name) => RGB.exec(this.of(name)).slice(1).map((h) => parseInt(h, 16));
    for (const name of ["page", "band", "panel", "line", "grid", "word", "soft", "accent",
      "hover", "pick", "bad", "good", "east", "west"]) this[name] = this.of(name);
    this.shades = shades.map((s) => this.of(s));
    this.mix = shades.map((s) => this.numbers(s));
    this.flows = [this.numbers("east"), this.numbers("west")];
  }
}

class Strip {
  constructor(data) {
    this.data = data;
    this.canvas = document.createElement("canvas");
    this.context = this.canvas.getContext("2d");
  }

  /** Draw `rows` from cycle `start` on, `pixels` a cycle, into `width` columns. */
  draw(rows, start, pixels, width, palette) {
    width = Math.max(Math.ceil(width), 1);
    const height = Math.max(rows.length, 1);
    if (this.canvas.width !== width || this.canvas.height < height) {
      [this.canvas.width, this.canvas.height] = [width, height];
      this.image = null;
    }
    this.image ??= this.context.createImageData(width, this.canvas.height);
    const bounds = this.bounds(start, pixels, width);
    const all = new Uint32Array(this.image.data.buffer);
    all.fill(0);
    rows.forEach((row, i) => {
      const line = all.subarray(i * width, (i + 1) * width);
      if (row.kind === "lane") this.lane(row.item, bounds, line, palette);
      else this.stream(row.item, bounds, line, palette);
    });
    this.context.putImageData(this.image, 0, 0);
    return this.canvas;
  }

  bounds(start, pixels, width) {
    const bounds = new Int32Array(width + 1);
    for (let k = 0; k <= width; k++) bounds[k] = Math.floor(start + k / pixels);
    return bounds;
  }

  lane(lane, bounds, line, palette) {
    const times = this.data.event_time;
    let e = lower(times, bounds[0], lane.first, lane.end);
    for (let k = 0; k < line.length && e < lane.end; k++) {
      const low = bounds[k], high = Math.max(bounds[k + 1], low + 1);
      if (times[e] < low) e = gallop(times, low, e, lane.end);
      const end = gallop(times, high, e, lane.end);
      if (end === e) continue;
      const [r, g, b] = this.mixture(lane, e, end, palette);
      const alpha = 0.3 + 0.7 * Math.min((end - e) / (high - low), 1) ** 0.7;
      line[k] = ((alpha * 255) << 24) | (b << 16) | (g << 8) | r;
      if (bounds[k + 1] > low) e = end;
    }
  }

  mixture(lane, from, end, palette) {
    if (lane.sums.length === 1) return palette.mix[lane.sums[0].shade];
    let r = 0, g = 0, b = 0;
    for (const { shade, upTo } of lane.sums) {
      const share = (upTo[end - lane.first] - upTo[from - lane.first]) / (end - from);
      const colour = palette.mix[shade];
      r += share * colour[0];
      g += share * colour[1];
      b += share * colour[2];
    }
    return [r, g, b];
  }

  /** Mean number of stops at which the stream carries a value, as a share of all stops. */
  stream(stream, bounds, line, palette) {
    const { starts, ends, sums } = stream;
    const [r, g, b] = palette.flows[stream.number >> 5];
    let s = lower(starts, bounds[0], 0, starts.length);
    let e = lower(ends, bounds[0], 0, ends.length);
    let low = bounds[0], before = s * low - sums[0][s] - (e * low - sums[1][e]), cell = 0;
    for (let k = 0; k < line.length; k++) {
      if (k === 0 || bounds[k] !== bounds[k - 1]) {
        const high = Math.max(bounds[k + 1], bounds[k] + 1);
        s = gallop(starts, high, s, starts.length);
        e = gallop(ends, high, e, ends.length);
        const after = s * high - sums[0][s] - (e * high - sums[1][e]);
        const share = (after - before) / (high - low) / this.data.stops;
        const alpha = share > 0 ? 0.16 + 0.84 * Math.min(share, 1) ** 0.6 : 0;
        cell = ((alpha * 255) << 24) | (b << 16) | (g << 8) | r;
        [low, before] = [high, after];
      }
      line[k] = cell;
    }
  }
}
