// What is known of the selected event, or of the run if none is.

const escaped = (text) => `${text}`.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

class Panel {
  constructor(element, data) {
    Object.assign(this, { element, data });
  }

  show(state) {
    this.element.innerHTML = state.event < 0
      ? this.nearby(state) + this.legend()
      : this.event(state.event, state);
  }

  legend() {
    const { data } = this, used = new Set();
    for (const lane of data.lanes) for (const { shade } of lane.sums) used.add(shade);
    const items = [...used].sort((a, b) => a - b).map((s) =>
      `<li><i class="chip" style="background:var(--${data.shades[s]})"></i> ${data.shades[s]}</li>`);
    return `<h2>Events</h2><ul class="legend">${items.join("")}</ul>
      <p class="soft">Colour: what an instruction does. In streams: who drove the value; depth:
      how many stops carry one. Click an instruction for its fields, times and source.</p>`;
  }

  link(event, text) {
    return `<a data-event="${event}">${escaped(text)}</a>`;
  }

  name(event) {
    const { data } = this;
    return `${data.queues[data.queueOf(event)].name} ${data.mnemonic(event)}`;
  }

  when(cycle) {
    const [segment, since] = this.data.segment(cycle);
    return this.data.notifies.length > 1
      ? `${grouping(cycle)} <span class="soft">(segment ${segment}, @${grouping(since)})</span>`
      : grouping(cycle);
  }

  event(event, state) {
    const { data } = this, queue = data.queues[data.queueOf(event)];
    const [text] = data.origin(event), origin = data.event_origin[event];
    const word = data.event_word[event], shade = data.shades[data.word_shade[word]];
    return `
      <div class="word"><i class="chip" style="background:var(--${shade})"></i>
        ${escaped(text)}</div>
      ${this.different(data.differing.get(event))}
      <h2>Times</h2><table>
        <tr><td>queue</td><td>${queue.name}, word ${origin}, stop ${queue.stop}</td></tr>
        <tr><td>issues</td><td>${this.when(data.event_time[event])}${this.copy(event)}</td></tr>
        ${this.operands(event)}${this.results(event, state)}
      </table>
      <h2>Source</h2>${this.source(event)}
      <h2>Fields <span class="soft">as issued</span></h2><table>
        ${data.fields(word).map(this.field).join("")}</table>`;
  }

  field({ name, text, doc }) {
    return `<tr title="${escaped(doc)}"><td>${name}</td><td>${escaped(text)}</td></tr>`;
  }

  /** Which of the events of one word this is. */
  copy(event) {
    const { data } = this, queue = data.queueOf(event), origin = data.event_origin[event];
    const shade = data.word_shade[data.event_word[event]];
    const first = data.event_first[queue], end = data.event_first[queue + 1];
    let before = 0, all = 0;
    for (let e = first; e < end; e++) {
      if (data.event_origin[e] !== origin) continue;
      if (data.word_shade[data.event_word[e]] !== shade) continue;
      all++;
      before += e < event;
    }
    return all > 1 ? ` <span class="soft">${before + 1} of ${grouping(all)}</span>` : "";
  }

  operands(event) {
    const { data } = this;
    const rows = data.operandsOf(event).map((r) => {
      const value = data.read_value[r], driver = value < 0 ? -1 : data.value_event[value];
      const from = driver < 0 ? '<span class="bad">nobody drove it</span>'
        : "from " + this.link(driver, this.name(driver));
      return [data.read_stream[r], `on the inputs in ${grouping(data.read_time[r])}, ${from}`];
    });
    return this.streams("reads", rows);
  }

  results(event, state) {
    const { data } = this;
    const rows = state.links.values.map((value) => {
      const start = data.value_start[value], last = start + data.value_life[value] - 1;
      const readers = [...new Set(data.readersOf(value).map((r) => data.read_event[r]))];
      const shown = readers.slice(0, 4).map((e) => this.link(e, this.name(e)));
      if (readers.length > 4) shown.push(`${readers.length - 4} more`);
      return [data.streamOf(value), `in the register in ${grouping(start)}, gone after
        ${grouping(last)}; ${shown.length ? "read by " + shown.join(", ")
          : '<span class="soft">not read</span>'}`];
    });
    return this.streams("drives", rows);
  }

  /** One row of the table for neighbouring streams of which the same is to be said. */
  streams(verb, rows) {
    const runs = [];
    for (const [stream, text] of rows) {
      const run = runs.at(-1);
      if (run?.text === text && run.last === stream - 1) run.last = stream;
      else runs.push({ first: stream, last: stream, text });
    }
    const name = (s) => this.data.streams[s].name;
    return runs.map(({ first, last, text }) => `<tr>
      <td>${verb} ${name(first)}${last > first ? "–" + (last & 31) : ""}</td><td>${text}</td></tr>`)
      .join("");
  }

  source(event) {
    const { data } = this, line = data.origin(event)[2];
    if (!line || !data.source) return this.words(event);
    this.lines ??= data.source.text.split("\n");
    const from = Math.max(line - 3, 1), to = Math.min(line + 3, this.lines.length);
    let text = "";
    for (let n = from; n <= to; n++) {
      text += `<span class="${n === line ? "here" : ""}"><i>${`${n}`.padStart(4)}</i> ${
        escaped(this.lines[n - 1])}</span>`;
    }
    return `<div class="soft" id="place">${escaped(data.source.name)}:${line}</div>
      <pre>${text}</pre>`;
  }

  /** Without a source map: the queue's text around the word, as the disassembler writes it. */
  words(event) {
    const { data } = this, { words } = data.queues[data.queueOf(event)];
    const origin = data.event_origin[event];
    if (origin < 0) return '<div class="soft">The loader gives a queue without text one HALT.</div>';
    const from = Math.max(origin - 3, 0), to = Math.min(origin + 4, words.length);
    const lines = words.slice(from, to).map(([text, at], i) =>
      `<span class="${from + i === origin ? "here" : ""}"><i>@${`${at}`.padEnd(6)}</i> ${
        escaped(text)}</span>`);
    return `<div class="soft">no source map; text of the queue</div><pre>${lines.join("")}</pre>`;
  }

  different(d) {
    if (d === undefined) return "";
    const { kind, planned, actual, extra } = difference(this.data, d);
    if (kind === "missing") return '<p class="bad">It did not happen.</p>';
    if (kind === "moved") {
      return `<p class="bad">Planned for ${grouping(planned)}, happened in ${grouping(actual)}
        (${actual > planned ? "+" : ""}${actual - planned}).</p>`;
    }
    return `<p class="bad">Another word was issued in this cycle:</p>
      <table>${this.data.fields(this.data.extra_word[extra]).map(this.field).join("")}</table>`;
  }

  /** The last difference that was gone to, if it is of no event of the plan. */
  nearby(state) {
    if (state.difference < 0) return "";
    const { kind, queue, actual, extra } = difference(this.data, state.difference);
    if (kind !== "extra") return "";
    const word = this.data.extra_word[extra];
    return `<p class="bad">${this.data.queues[queue]?.name ?? queue} issued in
      ${grouping(actual)} what nobody planned:</p>
      <table>${this.data.fields(word).map(this.field).join("")}</table>`;
  }
}
