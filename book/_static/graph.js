/* A network whose numbers can be moved: values run forward, gradients backward, edge by edge.
   Plain script, so that it also works from a file; its numbers are tested against the package. */
(() => {
  const START = { x: 2, w1: 0.5, b1: -1 / 3, w2: -1, b2: 1, U1: 3, U2: 5, target: 1.5 };
  const NODES = { x: [50, 130], a1: [180, 60], a2: [180, 200], z1: [310, 60], z2: [310, 200],
                  y: [440, 130], L: [560, 130] };
  const EDGES = [["y", "L"], ["z1", "y"], ["z2", "y"], ["a1", "z1"], ["a2", "z2"],
                 ["x", "a1"], ["x", "a2"]]; // in the order of the backward pass
  const SVG = "http://www.w3.org/2000/svg";

  function compute(p) {
    const v = { x: p.x, a1: p.w1 * p.x + p.b1, a2: p.w2 * p.x + p.b2 };
    v.z1 = Math.max(v.a1, 0);
    v.z2 = Math.max(v.a2, 0);
    v.y = p.U1 * v.z1 + p.U2 * v.z2;
    v.L = (v.y - p.target) ** 2 / 2;
    const slope = { "y-L": v.y - p.target, "z1-y": p.U1, "z2-y": p.U2,
                    "a1-z1": v.a1 > 0 ? 1 : 0, "a2-z2": v.a2 > 0 ? 1 : 0,
                    "x-a1": p.w1, "x-a2": p.w2 };
    const g = { L: 1, x: 0 };
    for (const [from, to] of EDGES) g[from] = (g[from] || 0) + g[to] * slope[`${from}-${to}`];
    const d = { x: g.x, w1: g.a1 * p.x, b1: g.a1, w2: g.a2 * p.x, b2: g.a2,
                U1: g.y * v.z1, U2: g.y * v.z2 };
    return { v, slope, g, d };
  }

  const text = (n) => (Math.abs(n) < 5e-4 ? "0" : n.toFixed(3).replace(/\.?0+$/, ""))
    .replace("-", "\u2212");

  function make(tag, attributes, parent) {
    const element = document.createElementNS(SVG, tag);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    parent.append(element);
    return element;
  }

  function build(box) {
    const p = { ...START };
    let shown = EDGES.length; // edges that the gradient has passed
    const svg = make("svg", { viewBox: "0 0 610 260", role: "img" }, box);
    make("title", {}, svg).textContent = "A network with its values and gradients";
    const lines = {}, slopes = {}, values = {}, gradients = {};
    for (const [from, to] of EDGES) {
      const [a, b] = NODES[from], [c, d] = NODES[to], name = `${from}-${to}`;
      lines[name] = make("line", { x1: a, y1: b, x2: c, y2: d }, svg);
      slopes[name] = make("text", { x: (a + c) / 2, y: (b + d) / 2 - 6, class: "slope" }, svg);
    }
    for (const [name, [x, y]] of Object.entries(NODES)) {
      make("circle", { cx: x, cy: y, r: 17 }, svg);
      make("text", { x, y: y + 5, class: "name" }, svg).textContent = name;
      values[name] = make("text", { x, y: y - 24, class: "value" }, svg);
      gradients[name] = make("text", { x, y: y + 36, class: "gradient" }, svg);
    }
    const table = document.createElement("div");
    table.className = "graph-controls";
    box.append(table);
    const inputs = {}, ds = {};
    for (const name of Object.keys(START)) {
      const label = document.createElement("label");
      const input = Object.assign(document.createElement("input"),
                                  { type: "range", min: -5, max: 5, step: 0.01, value: p[name] });
      input.addEventListener("input", () => { p[name] = Number(input.value); draw(); });
      const number = document.createElement("output");
      number.dataset.of = name;
      label.append(`${name} `, input, " ", number);
      table.append(label);
      inputs[name] = input;
      ds[name] = number;
    }
    const say = document.createElement("p");
    say.setAttribute("aria-live", "polite");
    const buttons = {
      "Start backward": () => { shown = 0; },
      "One edge": () => { shown = Math.min(shown + 1, EDGES.length); },
      "All edges": () => { shown = EDGES.length; },
      "Step against the gradient": () => {
        const { d } = compute(p);
        for (const name of Object.keys(d)) if (name !== "x") p[name] -= 0.01 * d[name];
      },
      "Reset": () => { Object.assign(p, START); shown = EDGES.length; },
    };
    for (const [name, act] of Object.entries(buttons)) {
      const button = Object.assign(document.createElement("button"),
                                   { type: "button", textContent: name });
      button.addEventListener("click", () => { act(); draw(); });
      table.append(button);
    }
    box.append(say);

    function draw() {
      const { v, slope, d } = compute(p);
      const g = { L: 1 };
      EDGES.forEach(([from, to], i) => {
        const name = `${from}-${to}`;
        const passed = i < shown;
        if (passed) g[from] = (g[from] || 0) + g[to] * slope[name];
        lines[name].setAttribute("class", passed ? "passed" : "");
        slopes[name].textContent = text(slope[name]);
      });
      for (const name of Object.keys(NODES)) {
        values[name].textContent = text(v[name]);
        gradients[name].textContent = name in g ? text(g[name]) : "";
      }
      for (const name of Object.keys(START)) {
        inputs[name].value = p[name];
        const gradient = name in d && shown === EDGES.length ? `, gradient ${text(d[name])}` : "";
        ds[name].textContent = `${text(p[name])}${gradient}`;
      }
      const next = EDGES[shown];
      say.textContent = next
        ? `Next: along the edge from ${next[1]} back to ${next[0]}, times its slope `
          + `${text(slope[`${next[0]}-${next[1]}`])}.`
        : `Loss ${text(v.L)}. All gradients are there.`;
    }
    draw();
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("div.graph-figure").forEach(build);
  });
})();
