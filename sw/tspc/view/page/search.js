// Search: by words of a queue's name and of an instruction's text, or to a cycle.

class Search {
  constructor(data) {
    this.data = data;
    this.clear();
  }

  clear() {
    [this.names, this.found, this.count, this.cycle] = [null, new Map(), 0, null];
  }

  /** Every word of the query must be in the queue's name or in the instruction's text. */
  query(text) {
    this.clear();
    const jump = /^@(\d+)$/.exec(text.trim());
    if (jump) this.cycle = Number(jump[1]);
    const terms = text.toLowerCase().split(/\s+/).filter(Boolean);
    if (jump || !terms.length) return;
    this.names = new Set();
    for (const lane of this.data.lanes) {
      const name = lane.name.toLowerCase();
      const rest = terms.filter((t) => name !== t);
      const loose = rest.filter((t) => !name.includes(t));
      if (!loose.length) this.names.add(lane.number);
      const wanted = rest.length < terms.length ? rest : loose;
      const hits = new Set();
      lane.words.forEach(([word], i) => {
        const low = word.toLowerCase();
        if (wanted.every((t) => low.includes(t))) hits.add(i);
      });
      if (hits.size) this.found.set(lane.number, hits);
    }
    this.number();
  }

  number() {
    for (const [queue, hits] of this.found) {
      const { first, end } = this.data.lanes[queue];
      let own = 0;
      for (let e = first; e < end; e++) own += hits.has(this.data.event_origin[e]);
      if (own) this.count += own;
      else this.found.delete(queue);
    }
  }

  touches(queue) { return this.found.has(queue); }
  hits(queue, origin) { return this.found.get(queue)?.has(origin) ?? false; }

  /** The match after (or before) an event, by time, then queue; around the end. */
  next(event, step) {
    let best = -1, around = -1;
    const before = (a, b) => {
      const d = this.data.event_time[a] - this.data.event_time[b] || a - b;
      return step > 0 ? d < 0 : d > 0;
    };
    for (const number of this.found.keys()) {
      const [near, first] = this.ofLane(number, event, step);
      if (near >= 0 && (best < 0 || before(near, best))) best = near;
      if (first >= 0 && (around < 0 || before(first, around))) around = first;
    }
    return best >= 0 ? best : around;
  }

  /** A lane's match nearest to an event in the direction of `step`, and its first one that way. */
  ofLane(number, event, step) {
    const { first, end } = this.data.lanes[number], hits = this.found.get(number);
    const { event_time: times, event_origin: origins } = this.data;
    const scan = (e) => {
      while (e >= first && e < end && !hits.has(origins[e])) e += step;
      return e >= first && e < end ? e : -1;
    };
    const most = scan(step > 0 ? first : end - 1);
    if (event < 0) return [most, most];
    let at = step > 0 ? event + 1 : event;
    if (event < first || event >= end) at = lower(times, times[event] + (event >= end), first, end);
    return [scan(step > 0 ? at : at - 1), most];
  }
}
