// The page: what is selected, when to draw, and how long that takes.

class App {
  constructor(data) {
    this.data = data;
    const canvas = (id) => document.getElementById(id);
    this.scale = new Scale(data);
    this.timeline = new Timeline(canvas("chart"), data, this.scale);
    this.minimap = new Minimap(canvas("minimap"), data, this.scale);
    this.snapshot = new Snapshot(canvas("snapshot"), data);
    this.panel = new Panel(canvas("panel"), data);
    this.state = {
      event: -1, links: { drivers: [], readers: [], values: [] }, difference: -1,
      cycle: null, row: undefined, search: new Search(data),
    };
    this.heads();
    this.theme(matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
    listen(this);
    new ResizeObserver(() => this.resize()).observe(document.body);
    this.resize();
    this.select(-1);
  }

  heads() {
    const { data } = this, put = (id, text) => { document.getElementById(id).textContent = text; };
    put("name", data.program);
    put("about", `${data.config} · ${grouping(data.events)} events · ${grouping(data.done)} cycles`);
    document.getElementById("about").title = `configuration ${data.hash}`;
    if (!data.engine) return;
    const verdict = document.getElementById("verdict"), count = data.difference_kind.length;
    verdict.hidden = false;
    verdict.className = count ? "bad" : "good";
    verdict.textContent = count
      ? `${data.engine} differs from plan ${grouping(count)} times` : `${data.engine} = plan`;
    verdict.title = `${grouping(data.recorded)} events recorded`;
    document.getElementById("difference").hidden = !count;
  }

  resize() {
    for (const part of [this.timeline, this.minimap, this.snapshot]) {
      const { width, height } = part.canvas.getBoundingClientRect(), dpr = devicePixelRatio || 1;
      part.canvas.width = Math.round(width * dpr);
      part.canvas.height = Math.round(height * dpr);
      part.context.setTransform(dpr, 0, 0, dpr, 0, 0);
      (part === this.timeline ? this.scale : part).resize(width, height);
    }
    this.dirty();
  }

  dirty() {
    if (this.pending) return;
    this.pending = true;
    requestAnimationFrame(() => this.draw());
  }

  draw() {
    this.pending = false;
    const begun = performance.now();
    this.timeline.draw(this.palette, this.state);
    this.minimap.draw(this.palette);
    const time = this.data.event_time[this.state.event];
    const cycle = this.state.cycle ?? time ?? Math.round((this.scale.start + this.scale.end) / 2);
    this.snapshot.draw(this.palette, cycle);
    document.getElementById("cycle").textContent = grouping(cycle);
    this.spent = performance.now() - begun;
  }

  theme(name = this.shown === "dark" ? "light" : "dark") {
    this.shown = document.documentElement.dataset.theme = name;
    document.getElementById("theme").textContent = name === "dark" ? "light" : "dark";
    this.palette = new Palette(this.data.shades);
    this.dirty();
  }

  idle() {
    this.scale.idle = !this.scale.idle;
    document.getElementById("idle").classList.toggle("on", this.scale.idle);
    this.scale.layout();
    if (this.scale.fitted) this.scale.fit();
  }

  hover(x, y) {
    const { scale, state } = this, inside = x >= GUTTER && y >= RULER;
    state.row = x >= 0 ? scale.at(y) : undefined;
    state.cycle = inside ? Math.max(Math.floor(scale.cycle(x)), 0) : null;
    this.dirty();
  }

  /** Select the event under (x, y); from afar the nearest one of a few pixels. */
  click(x, y) {
    const { scale, data } = this, row = scale.at(y), cycle = scale.cycle(x);
    if (row?.kind === "stream") return this.select(this.driver(row.item, Math.floor(cycle)));
    if (row?.kind !== "lane" || x < GUTTER) return this.select(-1);
    const { first, end } = row.item, reach = 4 / scale.pixels;
    const exact = data.eventAt(row.item.number, Math.floor(cycle));
    const from = lower(data.event_time, cycle - reach, first, end);
    const near = from < end && data.event_time[from] <= cycle + reach ? from : -1;
    this.select(exact >= 0 ? exact : near);
  }

  /** The event that drove the youngest value of a stream. */
  driver(stream, cycle) {
    let found = -1, age = Infinity;
    for (const [, value] of this.snapshot.alive(stream, cycle)) {
      const old = cycle - this.data.value_start[value];
      if (old < age) [found, age] = [this.data.value_event[value], old];
    }
    return found;
  }

  select(event, show = false) {
    const { data, state } = this, links = { drivers: [], readers: [], values: [] };
    if (event >= 0) {
      const sources = data.operandsOf(event).map((r) => data.read_value[r]);
      links.drivers = [...new Set(sources.filter((v) => v >= 0).map((v) => data.value_event[v]))];
      links.values = data.valuesOf(event);
      const reads = links.values.flatMap((v) => data.readersOf(v));
      links.readers = [...new Set(reads.map((r) => data.read_event[r]))].slice(0, 200);
    }
    Object.assign(state, { event, links });
    if (event >= 0 && show) this.scale.reveal(data.event_time[event], data.queueOf(event));
    this.panel.show(state);
    this.dirty();
  }

  /** The next or previous event of the selected one's queue. */
  step(by) {
    const { event } = this.state, next = event + by;
    if (event < 0 || !this.data.event_time.length) return;
    if (this.data.queueOf(next) === this.data.queueOf(event) && next >= 0) this.select(next, true);
  }

  search(text) {
    const { search } = this.state;
    search.query(text);
    const told = search.count ? `${grouping(search.count)} found` : "nothing";
    document.getElementById("found").textContent = search.names ? told : "";
    this.dirty();
  }

  found(step) {
    const { search, event } = this.state, { scale } = this;
    if (search.cycle !== null) {
      scale.reveal(search.cycle);
      this.dirty();
      return;
    }
    const next = search.next(event, step);
    if (next >= 0) this.select(next, true);
  }

  differ(step) {
    const { data, state } = this, count = data.difference_kind.length;
    if (!count) return;
    state.difference = state.difference < 0 && step < 0
      ? count - 1 : (state.difference + step + count) % count;
    const { event, queue, planned, actual } = difference(data, state.difference);
    this.select(event);
    this.scale.reveal(planned ?? actual, queue, Math.max(this.scale.pixels, 12));
  }

  /** Draw `frames` frames while panning and zooming; milliseconds of each. */
  measure(frames, pixels) {
    this.scale.pixels = pixels ?? this.scale.coarsest;
    this.scale.clamp();
    return Array.from({ length: frames }, () => {
      this.scale.pan(-11, 0);
      this.draw();
      return this.spent;
    });
  }
}

const app = new App(await Data.read());
requestAnimationFrame(() => setTimeout(() => {
  document.documentElement.dataset.ready = Math.round(performance.now());
}));
globalThis.app = app;
