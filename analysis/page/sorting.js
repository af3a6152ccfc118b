/* Tables of the page that can be sorted: a click on a head orders the rows by that column, a second
   one the other way round. Without it the page reads the same. */
(function () {
  "use strict";
  var LEAST_ROWS = 3;

  /* A number at the beginning of a text (".93", "1,024", "12 of 14"), or null. */
  function numberIn(text) {
    var found = /^[\s+]*(-?[\d,]*\.?\d+)/.exec(text);
    return found ? parseFloat(found[1].replace(/,/g, "")) : null;
  }

  function keyOf(row, column) {
    var cell = row.cells[column];
    return cell ? cell.textContent.trim() : "";
  }

  /* What has no number (a dash, nothing) stands below, whichever way the rest is ordered. */
  function compared(one, other, isNumeric, sign) {
    if (!isNumeric) return sign * one.localeCompare(other, "en", { numeric: true });
    var a = numberIn(one), b = numberIn(other);
    if (a === null || b === null) return (a === null) - (b === null);
    return sign * (a - b);
  }

  function sort(table, column) {
    var heads = table.tHead.rows[0].cells, head = heads[column], body = table.tBodies[0];
    var isNumeric = head.classList.contains("num");
    var state = head.getAttribute("aria-sort");
    var falls = state ? state === "ascending" : isNumeric;
    for (var n = 0; n < heads.length; n++) heads[n].removeAttribute("aria-sort");
    head.setAttribute("aria-sort", falls ? "descending" : "ascending");
    Array.from(body.rows)
      .sort(function (one, other) {
        return compared(keyOf(one, column), keyOf(other, column), isNumeric, falls ? -1 : 1);
      })
      .forEach(function (row) { body.appendChild(row); });
  }

  document.querySelectorAll("table.list").forEach(function (table) {
    if (!table.tHead || !table.tBodies[0] || table.tBodies[0].rows.length < LEAST_ROWS) return;
    Array.from(table.tHead.rows[0].cells).forEach(function (head, column) {
      var button = document.createElement("button");
      button.type = "button";
      while (head.firstChild) button.appendChild(head.firstChild);
      button.addEventListener("click", function () { sort(table, column); });
      head.appendChild(button);
    });
  });
})();
