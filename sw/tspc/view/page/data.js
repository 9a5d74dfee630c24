// What the page knows: columns as typed arrays in place, and what is derived from them once.

/** First index in [from, end) whose entry is not below x; end if there is none. */
function lower(column, x, from, end) {
  while (from < end) {
    const middle = (from + end) >>> 1;
    if (column[middle] < x) from = middle + 1;
    else end = middle;
  }
  return from;
}

/** The same for an answer that is near: steps double from `from` on. */
function gallop(column, x, from, end) {
  let step = 1, to = from;
  while (to < end && column[to] < x) {
    from = to + 1;
    to += step;
    step *= 2;
  }
  return lower(column, x, from, Math.min(to, end));
}

/** Rows by key: those of key k are rows[first[k]] .. rows[first[k + 1] - 1]. */
function grouped(keys, count) {
  const first = new Int32Array(count + 1);
  for (const key of keys) if (key >= 0) first[key + 1]++;
  for (let k = 0; k < count; k++) first[k + 1] += first[k];
  const next = first.slice(), rows = new Int32Array(first[count]);
  keys.forEach((key, row) => { if (key >= 0) rows[next[key]++] = row; });
  return { first, rows, of: (key) => rows.subarray(first[key], first[key + 1]) };
}

const ARRAYS = { u1: Uint8Array, u2: Uint16Array, u4: Uint32Array, i2: Int16Array, i4: Int32Array };

async function inflate(base64) {
  const bytes = Uint8Array.fromBase64
    ? Uint8Array.fromBase64(base64)
    : Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).arrayBuffer();
}

/**
 * Events are sorted by queue and time, values on streams by stream and start, operands by event.
 * Columns have the names that tspc/view/model.py gives them.
 */
class Data {
  static async read() {
    const facts = JSON.parse(document.getElementById("facts").textContent);
    const text = document.getElementById("numbers");
    const buffer = await inflate(text.textContent);
    text.remove();
    return new Data(facts, buffer);
  }

  constructor(facts, buffer) {
    Object.assign(this, facts);
    for (const [name, type, at, count] of facts.layout) {
      const column = new ARRAYS[type.slice(0, 2)](buffer, at, count);
      if (type.endsWith("+")) for (let i = 1; i < count; i++) column[i] += column[i - 1];
      this[name] = column;
    }
    this.events = this.event_time.length;
    this.lanes = this.queues.map((queue, number) => this.lane(queue, number));
    this.streams = Array.from({ length: 64 }, (_, s) => this.stream(s));
    this.last = Math.max(this.done, ...this.extra_time.slice(-1), 1);
    this.differing = new Map();
    this.difference_event.forEach((event, d) => { if (event >= 0) this.differing.set(event, d); });
  }

  /** A queue's events, with counts of each shade up to every event: sums over any range. */
  lane(queue, number) {
    const first = this.event_first[number], end = this.event_first[number + 1];
    const shades = new Set(), { event_word: word, word_shade: shade } = this;
    for (let e = first; e < end; e++) shades.add(shade[word[e]]);
    const sums = [...shades].map((s) => {
      const upTo = new Uint32Array(shades.size > 1 ? end - first + 1 : 0);
      for (let e = first; e < end && upTo.length; e++) {
        upTo[e - first + 1] = upTo[e - first] + (shade[word[e]] === s);
      }
      return { shade: s, upTo };
    });
    return { ...queue, number, first, end, sums, idle: end - first <= 1 };
  }

  /** A stream's values: starts, ends, and their sums, which give occupancy in any window. */
  stream(s) {
    const first = this.value_first[s], end = this.value_first[s + 1];
    const starts = this.value_start.subarray(first, end);
    const ends = starts.map((start, i) => start + this.value_life[first + i]).sort();
    const total = (times) => {
      const sums = new Float64Array(times.length + 1);
      times.forEach((t, i) => { sums[i + 1] = sums[i] + t; });
      return sums;
    };
    const name = "EW"[s >> 5] + (s & 31);
    const sums = [total(starts), total(ends)];
    return { number: s, name, first, end, starts, ends, sums, idle: first === end };
  }

  queueOf(event) {
    let low = 0, high = this.queues.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.event_first[middle] <= event) low = middle;
      else high = middle;
    }
    return low;
  }

  /** The event of a queue in a cycle, -1 if it issues nothing then. */
  eventAt(queue, cycle) {
    const end = this.event_first[queue + 1];
    const event = lower(this.event_time, cycle, this.event_first[queue], end);
    return event < end && this.event_time[event] === cycle ? event : -1;
  }

  /** Text, planned cycle and source line of the word that an event comes from. */
  origin(event) {
    return this.queues[this.queueOf(event)].words[this.event_origin[event]] ?? ["HALT", null, 0];
  }

  mnemonic(event) {
    const text = this.origin(event)[0];
    if (this.word_shade[this.event_word[event]] === this.shades.indexOf("write")) {
      return /\b(WRITE|SCATTER)\b/.exec(text)?.[0] ?? "WRITE";
    }
    return text.split(" ", 1)[0];
  }

  bits(word, low, width) {
    let value = 0n;
    for (let i = 15; i >= 0; i--) value = (value << 8n) | BigInt(this.word_bytes[16 * word + i]);
    return Number((value >> BigInt(low)) & ((1n << BigInt(width)) - 1n));
  }

  /** Name, value as text and meaning of the fields that a word uses. */
  fields(word) {
    const form = this.formats[this.bits(word, 0, 6)], values = {};
    const found = (form?.fields ?? []).map(([name, low, width, kind, doc]) => {
      let value = this.bits(word, low, width);
      if (kind === "sint" && value >> (width - 1)) value -= 2 ** width;
      let text = `${value}`;
      if (kind === "stream") text = "EW"[value >> 5] + (value & 31);
      if (kind === "index") text = `s${value}`;
      if (kind === "type") text = this.types[value] ?? text;
      if (kind === "pattern") text = `0x${value.toString(16).padStart(8, "0")}`;
      if (name === "op") text = this.operations[value]?.[0] ?? text;
      values[name] = value;
      return { name, value, text, doc, plain: kind === "uint" || kind === "pattern" };
    });
    const operands = "abc".slice(0, this.operations[values.op]?.[1] ?? 3);
    return found.filter(({ name, value, plain }) => {
      const owner = name.split("_", 1)[0];
      if (name.endsWith("_map") && values[`${owner}_kind`] !== 2) return false;
      if (owner.length === 1 && "abc".includes(owner)) {
        if (!operands.includes(owner)) return false;
        if (name.endsWith("_stream") && values[`${owner}_immediate`]) return false;
      }
      return values[`${owner}_kind`] !== 0 && (value !== 0 || !(plain || name.endsWith("ate")));
    });
  }

  operandsOf(event) {
    const from = lower(this.read_event, event, 0, this.read_event.length);
    const end = lower(this.read_event, event + 1, from, this.read_event.length);
    return Array.from({ length: end - from }, (_, i) => from + i);
  }

  valuesOf(event) {
    this.byDriver ??= grouped(this.value_event, this.events);
    return [...this.byDriver.of(event)];
  }

  readersOf(value) {
    this.bySource ??= grouped(this.read_value, this.value_event.length);
    return [...this.bySource.of(value)];
  }

  streamOf(value) {
    return lower(this.value_first, value + 1, 0, 65) - 1;
  }

  segment(cycle) {
    const segment = Math.max(lower(this.notifies, cycle + 1, 0, this.notifies.length) - 1, 0);
    return [segment, cycle - (this.notifies[segment] ?? 0)];
  }
}
