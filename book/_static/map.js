/* The map of the book: pointing at a chapter shows what it needs and what needs it. */
document.addEventListener("DOMContentLoaded", () => {
  for (const map of document.querySelectorAll("svg.chapter-map")) {
    const show = (name) => {
      map.classList.toggle("chosen", name !== null);
      for (const line of map.querySelectorAll("path")) {
        line.classList.toggle("in", line.dataset.to === name);
        line.classList.toggle("out", line.dataset.from === name);
      }
    };
    for (const box of map.querySelectorAll("a")) {
      for (const event of ["mouseenter", "focus"]) {
        box.addEventListener(event, () => show(box.dataset.name));
      }
      for (const event of ["mouseleave", "blur"]) {
        box.addEventListener(event, () => show(null));
      }
    }
  }
});
