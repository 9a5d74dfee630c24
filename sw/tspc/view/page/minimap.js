// The whole run in a strip, and the part of it that the chart shows.

class Minimap {
  constructor(canvas, data, scale) {
    Object.assign(this, { canvas, data, scale });
    this.context = canvas.getContext("2d");
    this.strip = new Strip(data);
    this.made = "";
  }

  x(cycle) { return (cycle / (this.data.last * 1.02 + 1)) * this.width; }
  cycle(x) { return (x / this.width) * (this.data.last * 1.02 + 1); }

  resize(width, height) {
    [this.width, this.height] = [width, height];
    this.made = "";
  }

  draw(palette) {
    const { context: c, scale, width, height } = this;
    c.fillStyle = palette.panel;
    c.fillRect(0, 0, width, height);
    const key = `${width} ${palette.page}`;
    if (this.made !== key) {
      this.rows = scale.data.lanes.filter((l) => !l.idle).map((item) => ({ kind: "lane", item }));
      this.image = this.strip.draw(this.rows, 0, this.x(1), width, palette);
      this.made = key;
    }
    c.imageSmoothingEnabled = this.rows.length > height;
    c.drawImage(this.image, 0, 0, width, Math.max(this.rows.length, 1), 0, 4, width, height - 8);
    this.differences(palette);
    const from = this.x(scale.start), to = Math.max(this.x(scale.end), from + 3);
    c.fillStyle = palette.hover;
    c.fillRect(from, 0, to - from, height);
    c.strokeStyle = palette.accent;
    c.strokeRect(from + 0.5, 0.5, Math.min(to, width) - from - 1, height - 1);
  }

  differences(palette) {
    const { context: c, data } = this;
    c.fillStyle = palette.bad;
    let last = -9;
    for (let d = 0; d < data.difference_kind.length; d++) {
      const { planned, actual } = difference(data, d), x = Math.round(this.x(planned ?? actual));
      if (x === last) continue;
      c.fillRect(x - 1, 0, 3, this.height);
      last = x;
    }
  }
}
