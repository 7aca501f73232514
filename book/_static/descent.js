/* Optimisers side by side in a valley whose shape, and whose learning rates, can be moved.
   The loss is (k u*u + v*v) / 2 in axes turned by an angle; the steps are those of backprop.optim. */
(() => {
  const METHODS = {
    SGD: (s, g, o) => g.map((x) => -o.lr * x),
    momentum: (s, g, o) => {
      s.v = g.map((x, i) => o.mu * (s.v ? s.v[i] : 0) + x);
      return s.v.map((x) => -o.lr * x);
    },
    Nesterov: (s, g, o) => {
      s.v = g.map((x, i) => o.mu * (s.v ? s.v[i] : 0) + x);
      return g.map((x, i) => -o.lr * (x + o.mu * s.v[i]));
    },
    Adagrad: (s, g, o) => {
      s.s = g.map((x, i) => (s.s ? s.s[i] : 0) + x * x);
      return g.map((x, i) => -o.lr * x / (Math.sqrt(s.s[i]) + 1e-8));
    },
    RMSProp: (s, g, o) => {
      s.k = (s.k || 0) + 1;
      s.v = g.map((x, i) => 0.9 * (s.v ? s.v[i] : 0) + 0.1 * x * x);
      return g.map((x, i) => -o.lr * x / (Math.sqrt(s.v[i] / (1 - 0.9 ** s.k)) + 1e-8));
    },
    Adam: (s, g, o) => {
      s.k = (s.k || 0) + 1;
      s.m = g.map((x, i) => 0.9 * (s.m ? s.m[i] : 0) + 0.1 * x);
      s.v = g.map((x, i) => 0.999 * (s.v ? s.v[i] : 0) + 0.001 * x * x);
      return g.map((x, i) => -o.lr * (s.m[i] / (1 - 0.9 ** s.k))
        / (Math.sqrt(s.v[i] / (1 - 0.999 ** s.k)) + 1e-8));
    },
  };
  const SLIDERS = {
    "condition number": { min: 1, max: 50, step: 1, value: 19 },
    "angle, degrees": { min: 0, max: 90, step: 1, value: 0 },
    "learning rate, of 2 / curvature": { min: 0.02, max: 1.1, step: 0.01, value: 0.9 },
    "learning rate, adaptive": { min: 0.01, max: 2, step: 0.01, value: 0.3 },
    "momentum": { min: 0, max: 0.98, step: 0.01, value: 0.6 },
    "steps": { min: 1, max: 60, step: 1, value: 30 },
  };
  const SVG = "http://www.w3.org/2000/svg", START = [2, 1];

  function path(name, o) {
    const c = Math.cos(o.angle), s = Math.sin(o.angle), adaptive = /Ada|RMS/.test(name);
    let w = [c * START[0] - s * START[1], s * START[0] + c * START[1]];
    const state = {}, out = [w];
    const options = { mu: o.mu, lr: adaptive ? o.small : o.part * 2 / o.kappa };
    for (let k = 0; k < o.steps; k += 1) {
      const u = o.kappa * (c * w[0] + s * w[1]), v = -s * w[0] + c * w[1];
      const move = METHODS[name](state, [c * u - s * v, s * u + c * v], options);
      w = w.map((x, i) => x + move[i]);
      out.push(w);
      if (Math.max(...w.map(Math.abs)) > 1e4) break;
    }
    return out;
  }

  function make(tag, attributes, parent) {
    const element = document.createElementNS(SVG, tag);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    parent.append(element);
    return element;
  }

  function build(box) {
    const panels = document.createElement("div");
    panels.className = "descent-panels";
    box.append(panels);
    const drawn = {};
    for (const name of Object.keys(METHODS)) {
      const figure = document.createElement("figure");
      const svg = make("svg", { viewBox: "-2.8 -2.8 5.6 5.6", role: "img" }, figure);
      make("title", {}, svg).textContent = `The path of ${name} in the valley`;
      const rings = [1, 2, 3, 4].map(() => make("ellipse", { cx: 0, cy: 0 }, svg));
      const line = make("polyline", {}, svg), dots = make("g", {}, svg);
      make("path", { d: "M-0.15 0H0.15M0 -0.15V0.15", class: "best" }, svg);
      const caption = document.createElement("figcaption");
      figure.append(caption);
      panels.append(figure);
      drawn[name] = { rings, line, dots, caption };
    }
    const controls = document.createElement("div");
    controls.className = "graph-controls";
    box.append(controls);
    const inputs = Object.entries(SLIDERS).map(([name, range]) => {
      const label = document.createElement("label"), number = document.createElement("output");
      const input = Object.assign(document.createElement("input"), { type: "range" }, range);
      input.value = range.value;
      input.addEventListener("input", draw);
      label.append(`${name} `, input, " ", number);
      controls.append(label);
      return { input, number };
    });

    function draw() {
      const [kappa, degrees, part, small, mu, steps] = inputs.map(({ input }) => +input.value);
      inputs.forEach(({ input, number }) => { number.textContent = input.value; });
      const o = { kappa, angle: degrees * Math.PI / 180, part, small, mu, steps };
      for (const [name, { rings, line, dots, caption }] of Object.entries(drawn)) {
        const points = path(name, o), end = points[points.length - 1];
        rings.forEach((ring, i) => {
          ring.setAttribute("rx", (i + 1) * 0.9 / Math.sqrt(kappa));
          ring.setAttribute("ry", (i + 1) * 0.9);
          ring.setAttribute("transform", `scale(1 -1) rotate(${degrees})`);
        });
        line.setAttribute("points", points.map(([x, y]) => `${x},${-y}`).join(" "));
        dots.replaceChildren();
        for (const [x, y] of points) make("circle", { cx: x, cy: -y, r: 0.06 }, dots);
        const left = Math.hypot(...end) / Math.hypot(...START);
        caption.textContent = left > 100 ? `${name}: diverges` : `${name}: ${left < 1e-4 ? left.toExponential(0) : left.toFixed(4)} left`;
      }
    }
    draw();
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("div.descent-figure").forEach(build);
  });
})();
