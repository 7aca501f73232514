/* How a gradient fades or survives: one unit over thirty steps, with a skip link or a forget gate. */
(() => {
  const T = 30, SVG = "http://www.w3.org/2000/svg";
  const SLIDERS = {
    "skip link \u03bb": { min: 0, max: 1, step: 0.01, value: 0.5 },
    "weight of the state": { min: -2, max: 2, step: 0.01, value: 0.6 },
    "bias of the forget gate": { min: -4, max: 6, step: 0.05, value: 1 },
  };
  const input = (t) => Math.sin(0.7 * t); // of step t, from 1 to T

  /* Return the derivative of the last state on each state, from the first to the last. */
  function recurrent(skip, weight) {
    let h = 0;
    const slopes = [];
    for (let t = 1; t <= T; t += 1) {
      const change = Math.tanh(weight * h + input(t));
      slopes.push(skip + weight * (1 - change * change));
      h = skip * h + change;
    }
    return products(slopes);
  }

  function gated(bias) {
    return products(Array(T).fill(1 / (1 + Math.exp(-bias))));
  }

  function products(slopes) {
    const out = [1];
    for (const slope of slopes.reverse()) out.unshift(out[0] * slope);
    return out;
  }

  function make(tag, attributes, parent) {
    const element = document.createElementNS(SVG, tag);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    parent.append(element);
    return element;
  }

  function panel(title, parent) {
    const figure = document.createElement("figure"), caption = document.createElement("figcaption");
    const svg = make("svg", { viewBox: "0 0 330 150", role: "img" }, figure);
    make("title", {}, svg).textContent = title;
    make("path", { d: "M10 40H320", class: "one" }, svg); // the height of 1
    const bars = Array.from({ length: T + 1 }, (_, t) => (
      make("rect", { x: 10 + t * 10, width: 8, y: 40, height: 0 }, svg)));
    figure.append(caption);
    parent.append(figure);
    return (gradient) => {
      gradient.forEach((g, t) => { // twelve pixels for each power of ten
        const top = Math.max(2, Math.min(148, 40 - 12 * Math.log10(Math.abs(g) || 1e-99)));
        bars[t].setAttribute("y", top);
        bars[t].setAttribute("height", 150 - top);
        bars[t].setAttribute("class", g < 0 ? "negative" : "");
      });
      caption.textContent = `${title}: on the first ${gradient[0].toExponential(2).replace("-", "\u2212")}`;
      caption.dataset.first = gradient[0];
    };
  }

  function build(box) {
    const panels = document.createElement("div"), controls = document.createElement("div");
    panels.className = "descent-panels fading-panels";
    controls.className = "graph-controls";
    box.append(panels, controls);
    const plain = panel("gradient of the last state, skip link", panels);
    const memory = panel("gradient of the last memory, forget gate", panels);
    const inputs = Object.entries(SLIDERS).map(([name, range]) => {
      const label = document.createElement("label"), number = document.createElement("output");
      const slider = Object.assign(document.createElement("input"), { type: "range" }, range);
      slider.value = range.value;
      slider.addEventListener("input", draw);
      label.append(`${name} `, slider, " ", number);
      controls.append(label);
      return { slider, number };
    });

    function draw() {
      const [skip, weight, bias] = inputs.map(({ slider }) => Number(slider.value));
      inputs.forEach(({ slider, number }) => { number.textContent = slider.value; });
      plain(recurrent(skip, weight));
      memory(gated(bias));
    }
    draw();
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("div.fading-figure").forEach(build);
  });
})();
