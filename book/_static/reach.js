/* What the formulas make too wide scrolls in its own box, and the keyboard reaches it. */
document.addEventListener("DOMContentLoaded", () => {
  const BOXES = ".chapter-map-box, div.graph-figure, table.ledger p, figure.wide";

  // a line may break on either side of a formula, even before a comma
  for (const formula of document.querySelectorAll("span.math")) {
    const [before, after] = [formula.previousSibling, formula.nextSibling];
    const open = (before?.nodeType === 3 && before.data.match(/[([“‘"]+$/)?.[0]) || "";
    const close = (after?.nodeType === 3 && after.data.match(/^[,.;:!?)\]”’"–-]+\w*/)?.[0]) || "";
    if (!open && !close) continue;
    const box = document.createElement("span");
    box.className = "nobreak";
    formula.before(box);
    box.append(open, formula, close);
    if (open) before.data = before.data.slice(0, -open.length);
    if (close) after.data = after.data.slice(close.length);
  }

  // a path in the table under a title breaks after its folders first
  for (const path of document.querySelectorAll("table:not(:has(thead)) td .pre")) {
    path.innerHTML = path.innerHTML.replaceAll(/\/(?=\w)/g, "/<wbr>");
  }

  for (const head of document.querySelectorAll("th:last-child")) {
    if (head.textContent.trim() === "meaning") head.closest("table").classList.add("meanings");
  }

  function mark() {
    for (const formula of document.querySelectorAll("mjx-container:not([display])")) {
      formula.classList.remove("wide");
      const line = formula.parentElement.closest("p, dd, dt, li, td, th, div");
      formula.classList.toggle("wide", formula.offsetWidth > line.clientWidth);
    }
    for (const picture of document.querySelectorAll(".cell_output figure > img")) {
      picture.parentElement.classList.toggle("wide", picture.naturalWidth > 700);
    }
    for (const box of document.querySelectorAll(BOXES)) {
      const scrolls = box.scrollWidth > box.clientWidth && !box.querySelector("[tabindex]");
      box.toggleAttribute("tabindex", false);
      if (scrolls) box.tabIndex = 0;
    }
  }

  let waiting;
  addEventListener("resize", () => {
    clearTimeout(waiting);
    waiting = setTimeout(mark, 200);
  });
  addEventListener("load", () => {
    // the theme measures its tables again when the window changes; formulas change them as well
    const set = window.MathJax?.startup?.promise ?? Promise.resolve();
    set.then(() => { mark(); dispatchEvent(new Event("resize")); });
  });
});
