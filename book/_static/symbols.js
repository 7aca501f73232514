/* What the symbols of a displayed formula mean: shown when one points at it, reaches it by the
   keyboard, or taps it.  Escape closes.  The data stands at the end of the page. */
document.addEventListener("DOMContentLoaded", () => {
  const source = document.getElementById("symbols-data");
  if (!source) return;
  const { rows, blocks, notation } = JSON.parse(source.textContent);
  const box = document.createElement("div");
  box.id = "symbols-box";
  box.className = "symbols-box tex2jax_process"; // MathJax sets what has this class
  box.setAttribute("role", "tooltip");
  box.hidden = true;
  let shown = null;
  let timer = 0;

  const fill = (numbers) => {
    const table = document.createElement("table");
    for (const number of numbers) {
      const line = table.insertRow();
      for (const content of rows[number]) line.insertCell().innerHTML = content;
    }
    const foot = document.createElement("p");
    const link = document.createElement("a");
    link.href = notation;
    link.textContent = "Notation";
    foot.append(link);
    box.replaceChildren(table, foot);
    if (!window.MathJax || !MathJax.typesetPromise) return;
    MathJax.typesetPromise([box]).then(() => {
      for (const formula of box.querySelectorAll("mjx-container")) formula.removeAttribute("tabindex");
    });
  };

  const focusable = (formula) => formula.querySelector("mjx-container[tabindex]") || formula;

  const hide = () => {
    clearTimeout(timer);
    if (!shown) return;
    focusable(shown).removeAttribute("aria-describedby");
    box.hidden = true;
    shown = null;
  };

  const show = (formula, numbers) => {
    clearTimeout(timer);
    if (shown === formula) return;
    hide();
    formula.after(box); // so that Tab goes from the formula to the link in the box
    box.hidden = false; // before it is filled: MathJax measures what it sets
    fill(numbers);
    box.style.top = `${formula.offsetTop + formula.offsetHeight}px`;
    focusable(formula).setAttribute("aria-describedby", box.id);
    shown = formula;
  };

  const later = (action, wait) => {
    clearTimeout(timer);
    timer = setTimeout(action, wait);
  };

  const away = (target) => !(box.contains(target) || (shown && shown.contains(target)));

  blocks.forEach((numbers, i) => {
    const formula = document.querySelector(`.symbols-${i}`);
    if (!formula) return;
    formula.classList.add("has-symbols");
    formula.tabIndex = 0;
    formula.addEventListener("pointerenter", (event) => {
      if (event.pointerType !== "touch") later(() => show(formula, numbers), 300);
    });
    formula.addEventListener("pointerleave", () => later(hide, 300));
    formula.addEventListener("focusin", () => {
      // MathJax makes its own formula reachable by the keyboard: once is enough
      if (focusable(formula) !== formula) formula.removeAttribute("tabindex");
      show(formula, numbers);
    });
    formula.addEventListener("click", () => show(formula, numbers));
  });
  box.addEventListener("pointerenter", () => clearTimeout(timer));
  box.addEventListener("pointerleave", () => later(hide, 300));
  document.addEventListener("focusin", (event) => {
    if (away(event.target)) hide();
  });
  document.addEventListener("click", (event) => {
    if (away(event.target)) hide();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hide();
  });
  const once = () => {
    for (const formula of document.querySelectorAll(".has-symbols")) {
      if (focusable(formula) !== formula) formula.removeAttribute("tabindex");
    }
  };
  window.addEventListener("load", () => {
    if (window.MathJax && MathJax.startup) MathJax.startup.promise.then(once);
  });
});
