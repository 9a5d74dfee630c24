// Mouse and keyboard.

function listen(app) {
  const { scale, state, data } = app, chart = app.timeline.canvas, map = app.minimap.canvas;
  const at = (canvas, e) => {
    const box = canvas.getBoundingClientRect();
    return [e.clientX - box.left, e.clientY - box.top];
  };
  let drag = null;

  chart.addEventListener("wheel", (e) => {
    e.preventDefault();
    const [x] = at(chart, e), way = e.deltaY || e.deltaX;
    if (e.ctrlKey) scale.heighten(1.0015 ** -way);
    else if (e.shiftKey) scale.pan(-way, 0);
    else if (x < GUTTER) scale.pan(0, -way);
    else {
      scale.zoom(1.0022 ** -e.deltaY, x);
      if (e.deltaX) scale.pan(-e.deltaX, 0);
    }
    app.dirty();
  }, { passive: false });

  chart.addEventListener("pointerdown", (e) => {
    drag = { last: at(chart, e), moved: 0 };
    chart.setPointerCapture(e.pointerId);
  });
  chart.addEventListener("pointermove", (e) => {
    const [x, y] = at(chart, e);
    if (drag) {
      const [dx, dy] = [x - drag.last[0], y - drag.last[1]];
      drag.last = [x, y];
      drag.moved += Math.abs(dx) + Math.abs(dy);
      if (drag.moved > 3) {
        chart.classList.add("drag");
        scale.pan(dx, dy);
      }
    }
    app.hover(x, y);
  });
  chart.addEventListener("pointerup", (e) => {
    chart.classList.remove("drag");
    if (drag && drag.moved <= 3) app.click(...at(chart, e));
    drag = null;
  });
  chart.addEventListener("pointerleave", () => app.hover(-1, -1));

  const centre = (e) => {
    scale.start = app.minimap.cycle(at(map, e)[0]) - scale.width / scale.pixels / 2;
    scale.fitted = false;
    scale.clamp();
    app.dirty();
  };
  map.addEventListener("pointerdown", (e) => {
    map.setPointerCapture(e.pointerId);
    centre(e);
  });
  map.addEventListener("pointermove", (e) => { if (e.buttons) centre(e); });

  document.getElementById("panel").addEventListener("click", (e) => {
    const event = e.target.closest("[data-event]")?.dataset.event;
    if (event !== undefined) app.select(Number(event), true);
  });

  const field = document.getElementById("search");
  field.addEventListener("input", () => app.search(field.value));
  field.addEventListener("keydown", (e) => {
    if (e.key === "Enter") app.found(e.shiftKey ? -1 : 1);
    if (e.key === "Escape") {
      field.value = "";
      app.search("");
      chart.focus();
    }
    e.stopPropagation();
  });

  const middle = () => GUTTER + scale.width / 2;
  const keys = {
    ArrowLeft: () => scale.pan(scale.width / 8, 0),
    ArrowRight: () => scale.pan(-scale.width / 8, 0),
    ArrowUp: () => scale.pan(0, 40),
    ArrowDown: () => scale.pan(0, -40),
    "+": () => scale.zoom(1.5, middle()),
    "=": () => scale.zoom(1.5, middle()),
    "-": () => scale.zoom(1 / 1.5, middle()),
    0: () => scale.fit(),
    Home: () => scale.pan(1e9, 0),
    End: () => scale.pan(-scale.pixels * data.last, 0),
    ",": () => app.step(-1),
    ".": () => app.step(1),
    d: () => app.differ(1),
    D: () => app.differ(-1),
    i: () => app.idle(),
    t: () => app.theme(),
    "/": () => field.focus(),
    "?": () => document.getElementById("keys").showModal(),
    Escape: () => app.select(-1),
  };
  addEventListener("keydown", (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey || !(e.key in keys)) return;
    if (document.getElementById("keys").open) return;
    e.preventDefault();
    keys[e.key]();
    app.dirty();
  });

  const buttons = { difference: "d", fit: "0", idle: "i", theme: "t", help: "?" };
  for (const [id, key] of Object.entries(buttons)) {
    document.getElementById(id).addEventListener("click", () => {
      keys[key]();
      app.dirty();
      chart.focus();
    });
  }
}
