/* A convolution under the pointer: which inputs made this output, which outputs feel this input. */
(() => {
  const IMAGE = [[1, 0, 2, -1, 1], [0, 3, 1, 0, -2], [2, 1, -1, 2, 0], [-1, 0, 1, 1, 2],
                 [0, 2, -2, 1, 1]];
  const KERNEL = [[1, 2, 0], [-1, 3, 1], [0, -2, 1]];
  const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  const text = (n) => String(n).replace("-", "\u2212");

  /* The taps of one output: place in the image, place in the kernel. */
  function taps(e, f, o) {
    const found = [];
    for (let p = 0; p < 3; p += 1) {
      for (let q = 0; q < 3; q += 1) {
        const i = e * o.stride + p - o.padding, j = f * o.stride + q - o.padding;
        const [a, b] = o.flip ? [2 - p, 2 - q] : [p, q];
        if (i >= 0 && i < 5 && j >= 0 && j < 5) found.push({ i, j, a, b });
      }
    }
    return found;
  }

  function grid(name, rows, columns, parent, cell) {
    const table = document.createElement("table");
    table.className = "convolution-grid";
    table.setAttribute("role", "grid");
    const caption = document.createElement("caption");
    caption.textContent = name;
    table.append(caption);
    const cells = [];
    for (let i = 0; i < rows; i += 1) {
      const row = table.insertRow();
      cells.push([]);
      for (let j = 0; j < columns; j += 1) {
        const item = row.insertCell();
        cell(item, i, j);
        cells[i].push(item);
      }
    }
    parent.append(table);
    return cells;
  }

  function build(box) {
    const controls = document.createElement("div"), panels = document.createElement("div");
    const say = document.createElement("p");
    controls.className = "graph-controls";
    panels.className = "convolution-panels";
    say.setAttribute("aria-live", "polite");
    box.append(controls, panels, say);
    const choose = (name, options) => {
      const label = document.createElement("label"), select = document.createElement("select");
      for (const option of options) select.append(new Option(option, option));
      select.addEventListener("change", draw);
      label.append(`${name} `, select);
      controls.append(label);
      return select;
    };
    const padding = choose("padding", ["0", "1", "2"]), stride = choose("stride", ["1", "2"]);
    const flip = choose("kernel", ["correlation", "convolution (flipped)"]);

    function draw() {
      const o = { padding: +padding.value, stride: +stride.value,
                  flip: flip.value !== "correlation" };
      const size = Math.floor((5 + 2 * o.padding - 3) / o.stride) + 1;
      panels.replaceChildren();
      say.textContent = "Point at a cell of the input or the output, or reach it with the "
        + "tabulator key and the arrow keys.";
      let image, kernel, output;
      const clear = () => panels.querySelectorAll("td").forEach((cell) => {
        cell.classList.remove("on", "from");
      });
      const watch = (cell, act) => {
        cell.tabIndex = cell.cellIndex || cell.parentElement.rowIndex ? -1 : 0; // one stop a grid
        cell.addEventListener("keydown", (event) => {
          const [down, right] = ARROWS[event.key] || [];
          const table = cell.closest("table");
          const next = table.rows[cell.parentElement.rowIndex + down]?.cells[cell.cellIndex + right];
          if (!next) return;
          event.preventDefault();
          cell.tabIndex = -1;
          next.tabIndex = 0;
          next.focus();
        });
        for (const event of ["mouseenter", "focus", "click"]) {
          cell.addEventListener(event, () => { clear(); cell.classList.add("from"); act(); });
        }
      };
      image = grid("input x", 5, 5, panels, (cell, i, j) => {
        cell.textContent = text(IMAGE[i][j]);
        watch(cell, () => {
          const terms = [];
          for (let e = 0; e < size; e += 1) {
            for (let f = 0; f < size; f += 1) {
              for (const tap of taps(e, f, o)) {
                if (tap.i === i && tap.j === j) {
                  output[e][f].classList.add("on");
                  kernel[tap.a][tap.b].classList.add("on");
                  terms.push(`dy[${e},${f}]\u00b7(${text(KERNEL[tap.a][tap.b])})`);
                }
              }
            }
          }
          say.textContent = `backward: dx[${i},${j}] = ${terms.join(" + ") || "0"}`;
        });
      });
      kernel = grid("kernel W", 3, 3, panels, (cell, p, q) => {
        cell.textContent = text(KERNEL[p][q]);
      });
      output = grid("output y", size, size, panels, (cell, e, f) => {
        const used = taps(e, f, o);
        const sum = used.reduce((s, t) => s + IMAGE[t.i][t.j] * KERNEL[t.a][t.b], 0);
        cell.textContent = text(sum);
        cell.dataset.value = sum;
        watch(cell, () => {
          for (const t of used) {
            image[t.i][t.j].classList.add("on");
            kernel[t.a][t.b].classList.add("on");
          }
          const terms = used.map((t) => `(${text(KERNEL[t.a][t.b])})\u00b7(${text(IMAGE[t.i][t.j])})`);
          say.textContent = `forward: y[${e},${f}] = ${terms.join(" + ")} = ${text(sum)}`;
        });
      });
    }
    draw();
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("div.convolution-figure").forEach(build);
  });
})();
