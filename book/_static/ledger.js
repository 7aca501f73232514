/* Filter the table of the ledger by document and by verdict.  Without this script all rows show. */
(function () {
  "use strict";

  function values(rows, prefix) {
    var found = [];
    rows.forEach(function (row) {
      row.classList.forEach(function (name) {
        var value = name.slice(prefix.length);
        if (name.indexOf(prefix) === 0 && found.indexOf(value) < 0) found.push(value);
      });
    });
    return found;
  }

  function selector(title, options, changed) {
    var label = document.createElement("label");
    var select = document.createElement("select");
    label.className = "ledger-filter";
    label.appendChild(document.createTextNode(title + " "));
    ["all"].concat(options).forEach(function (value) {
      select.appendChild(new Option(value, value));
    });
    select.addEventListener("change", changed);
    label.appendChild(select);
    return label;
  }

  function start() {
    var table = document.querySelector("table.ledger");
    if (!table) return;
    var rows = Array.prototype.slice.call(table.tBodies[0].rows);
    var bar = document.createElement("p");
    var count = document.createElement("output");
    var prefixes = { "Document": "document-", "Verdict": "verdict-" };
    var selects = {};

    function apply() {
      var shown = 0;
      rows.forEach(function (row) {
        var fits = Object.keys(prefixes).every(function (title) {
          var value = selects[title].value;
          return value === "all" || row.classList.contains(prefixes[title] + value);
        });
        row.hidden = !fits;
        shown += fits ? 1 : 0;
      });
      count.textContent = shown + " of " + rows.length + " rows";
    }

    Object.keys(prefixes).forEach(function (title) {
      var label = selector(title, values(rows, prefixes[title]), apply);
      selects[title] = label.querySelector("select");
      bar.appendChild(label);
    });
    bar.className = "ledger-filters";
    bar.appendChild(count);
    var frame = table.closest(".pst-scrollable-table-container") || table;
    frame.parentNode.insertBefore(bar, frame);
    apply();
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
