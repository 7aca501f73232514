/* What the formulas make too wide scrolls in its own box, and the keyboard reaches it. */
document.addEventListener("DOMContentLoaded", () => {
  const BOXES = ".chapter-map-box, div.graph-figure, table.ledger p";

  function mark() {
    for (const formula of document.querySelectorAll("mjx-container:not([display])")) {
      formula.classList.remove("wide");
      const line = formula.parentElement.closest("p, dd, dt, li, td, th, div");
      formula.classList.toggle("wide", formula.offsetWidth > line.clientWidth);
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
