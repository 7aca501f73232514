/* What a page of the book must satisfy, as functions to call in the page. */
window.checks = (() => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const STOPS = "a[href], button, input, select, summary, [tabindex='0']";
  const name = (e) => `<${e.localName} class="${e.getAttribute("class") || ""}">`;

  /* Formulas that MathJax could not read. */
  const broken = () => all("mjx-merror, [data-mjx-error]")
    .map((e) => `broken formula: ${e.getAttribute("data-mjx-error") || e.textContent}`);

  /* Nothing may make the page itself scroll sideways. */
  function overflow() {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return [];
    const boxed = (e) => e && (getComputedStyle(e).overflowX !== "visible" || boxed(e.parentElement));
    const wide = all("main *").filter((e) => (
      e.getBoundingClientRect().right > width + 1 && !boxed(e.parentElement)));
    return [`the page is wider than its window: ${wide.slice(0, 3).map(name)}`];
  }

  /* A box that scrolls must be reachable without a pointer. */
  function scrollers() {
    const can = (e) => /auto|scroll/.test(getComputedStyle(e).overflowX)
      && e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0;
    return all("main *").filter((e) => can(e) && !e.matches(STOPS) && !e.querySelector(STOPS))
      .map((e) => `scrolls, but no key reaches it: ${name(e)}`);
  }

  /* What the keyboard reaches must show it; one element of each kind. */
  function focus() {
    const kinds = new Map();
    for (const e of all(STOPS)) {
      const kind = `${e.localName} ${e.getAttribute("class")}`;
      if (e.checkVisibility({ visibilityProperty: true }) && !kinds.has(kind)) kinds.set(kind, e);
    }
    const clear = (e) => e && (getComputedStyle(e).opacity === "0" || clear(e.parentElement));
    const look = (e) => clear(e) ? "" : [e, ...e.querySelectorAll("rect")].map((part) => {
      const s = getComputedStyle(part);
      const ring = s.outlineStyle === "none" || s.outlineWidth === "0px" ? "" : s.outline;
      return [ring, s.boxShadow, s.borderColor, s.backgroundColor, s.strokeWidth];
    }).join();
    const unseen = [...kinds.values()].filter((e) => {
      document.activeElement.blur();
      const before = look(e);
      e.focus({ preventScroll: true, focusVisible: true });
      return !look(e) || look(e) === before;
    });
    document.activeElement.blur();
    return unseen.map((e) => `focus does not show: ${name(e)}`);
  }

  /* Empty the formulas, in boxes of the same size, and leave one word of each colour in code: most
     elements of a page are in these, and axe-core takes its time for each. */
  function thin() {
    for (const formula of all("mjx-container")) {
      const { width, height } = formula.getBoundingClientRect();
      const box = document.createElement("span");
      box.style.cssText = `display: inline-block; width: ${width}px; height: ${height}px`;
      box.setAttribute("role", "img");
      box.setAttribute("aria-label", "formula");
      formula.replaceChildren(box);
    }
    const seen = new Set();
    const known = all("pre span, dt.sig span, code span").filter((word) => {
      const code = word.closest("pre, dt, code");
      const key = [word.className, code.parentElement.parentElement.className].join();
      return seen.has(key) || !seen.add(key);
    });
    for (const word of known) word.replaceWith(...word.childNodes);
    return [];
  }

  /* One element for each combination of colours, so that not every word is judged. */
  function colours() {
    const found = new Map();
    const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (words.nextNode()) {
      const e = words.currentNode.parentElement;
      if (!words.currentNode.data.trim() || !e.checkVisibility({ visibilityProperty: true })) continue;
      const { color, fontSize, fontWeight } = getComputedStyle(e);
      const key = [color, fontSize, fontWeight];
      for (let a = e; a; a = a.parentElement) {
        const { backgroundColor, opacity } = getComputedStyle(a);
        key.push(backgroundColor, opacity);
        if (backgroundColor.startsWith("rgb(")) break;
      }
      if (!found.has(key.join())) found.set(key.join(), e);
    }
    return [...found.values()];
  }

  /* The findings of axe-core, one for each element: rule, reason and element.  The rules: all but
     contrast, or contrast, or the two that a narrow window or other colours can break. */
  async function axe(rules) {
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    const common = { preload: false, resultTypes: ["violations"] };
    const small = { include: [...colours(), ...all(STOPS)] };
    const { violations } = await {
      all: () => window.axe.run(document, {
        ...common, runOnly: tags, rules: { "color-contrast": { enabled: false } } }),
      contrast: () => window.axe.run({ include: colours() }, {
        ...common, runOnly: ["color-contrast"] }),
      narrow: () => window.axe.run(small, {
        ...common, runOnly: ["color-contrast", "target-size"] }),
    }[rules]();
    return violations.flatMap((v) => v.nodes.map((n) => ({
      rule: v.id, element: n.html.slice(0, 200),
      why: n.failureSummary.split("\n").slice(1).join(";").trim(),
    })));
  }

  return { broken, overflow, scrollers, focus, thin, axe };
})();
