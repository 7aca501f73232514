/* Activations and their derivatives, with a point that can be moved. */
(() => {
  const sigmoid = (a) => 1 / (1 + Math.exp(-a));
  const FUNCTIONS = { // f, and f' as the layers of the book have it, also at a kink
    "ReLU": [(a) => Math.max(a, 0), (a) => (a > 0 ? 1 : 0)],
    "leaky ReLU, slope 0.1": [(a) => (a > 0 ? a : 0.1 * a), (a) => (a > 0 ? 1 : 0.1)],
    "sigmoid": [sigmoid, (a) => sigmoid(a) * (1 - sigmoid(a))],
    "tanh": [Math.tanh, (a) => 1 - Math.tanh(a) ** 2],
    "modulus": [Math.abs, (a) => Math.sign(a)],
  };
  const SVG = "http://www.w3.org/2000/svg", REACH = 4;

  function make(tag, attributes, parent) {
    const element = document.createElementNS(SVG, tag);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    parent.append(element);
    return element;
  }

  function build(box) {
    const svg = make("svg", { viewBox: "-4.2 -2.4 8.4 4.4", role: "img" }, box);
    make("title", {}, svg).textContent = "An activation, its derivative, and its tangent at a point";
    make("path", { d: "M-4 0H4M0 -2.2V1.8", class: "axes" }, svg);
    const curve = make("polyline", { class: "value" }, svg);
    const slopes = make("polyline", { class: "slope" }, svg);
    const tangent = make("line", { class: "tangent" }, svg);
    const point = make("circle", { r: 0.09, class: "value" }, svg);
    const below = make("circle", { r: 0.09, class: "slope" }, svg);
    const controls = document.createElement("div");
    controls.className = "graph-controls";
    const choose = document.createElement("select");
    for (const name of Object.keys(FUNCTIONS)) choose.append(new Option(name, name));
    choose.value = "tanh";
    const input = Object.assign(document.createElement("input"),
                                { type: "range", min: -REACH, max: REACH, step: 0.05, value: 1 });
    const first = document.createElement("label"), second = document.createElement("label");
    first.append("function ", choose);
    second.append("a ", input);
    const say = document.createElement("output");
    controls.append(first, second);
    box.append(controls, say);

    function draw() {
      const [f, df] = FUNCTIONS[choose.value], a = Number(input.value);
      const line = (g) => Array.from({ length: 321 }, (_, i) => -REACH + i / 40)
        .filter((x) => Math.abs(g(x)) <= 2.1).map((x) => `${x},${-g(x)}`).join(" ");
      curve.setAttribute("points", line(f));
      slopes.setAttribute("points", line(df));
      for (const [key, value] of Object.entries({ x1: a - 1, y1: -(f(a) - df(a)),
                                                  x2: a + 1, y2: -(f(a) + df(a)) })) {
        tangent.setAttribute(key, value);
      }
      for (const [mark, g] of [[point, f], [below, df]]) {
        mark.setAttribute("cx", a);
        mark.setAttribute("cy", -g(a));
      }
      say.textContent = `f(${a}) = ${f(a).toFixed(4)}, f\u2032(${a}) = ${df(a).toFixed(4)}`;
    }
    choose.addEventListener("change", draw);
    input.addEventListener("input", draw);
    draw();
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("div.activation-figure").forEach(build);
  });
})();
