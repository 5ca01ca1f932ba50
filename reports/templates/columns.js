"use strict";
// Which runs are shown as columns; before the rows are filtered, which are chosen by these.
(function () {
  var FIRST = 3;
  var form = document.getElementById("filters");
  var table = document.getElementById("table");
  var head = table.tHead.rows[0];
  var columns = table.querySelectorAll("col");
  var rows = Array.prototype.slice.call(table.querySelectorAll("tbody tr[id]"));
  var only = rows.map(function (row) {
    return row.dataset.only.split(" ").filter(function (word) { return word !== "differs"; });
  });
  var last = null;

  function narrow() {
    var wanted = form.elements.runs.value.toLowerCase().split(/[\s,]+/).filter(Boolean);
    if (wanted.join() === last) { return; }
    last = wanted.join();
    var chosen = Array.prototype.map.call(head.cells, function (cell, at) {
      var name = cell.textContent.toLowerCase();
      return at < FIRST || !wanted.length || wanted.some(function (one) {
        return name.indexOf(one) >= 0;
      });
    });
    var number = chosen.filter(Boolean).length;
    chosen.forEach(function (shown, at) {
      head.cells[at].hidden = !shown;
      columns[at].hidden = !shown;
    });
    table.style.setProperty("--runs", number - FIRST);
    Array.prototype.forEach.call(table.querySelectorAll(".area th"), function (cell) {
      cell.colSpan = number;
    });
    rows.forEach(function (row, place) {
      var verdicts = [];
      for (var at = FIRST; at < row.cells.length; at += 1) {
        var cell = row.cells[at];
        if (cell.hidden === chosen[at]) { cell.hidden = !chosen[at]; }
        if (chosen[at] && verdicts.indexOf(cell.dataset.verdict) < 0) {
          verdicts.push(cell.dataset.verdict);
        }
      }
      row.dataset.verdict = verdicts.join(" ");
      row.dataset.only = only[place].concat(verdicts.length > 1 ? "differs" : []).join(" ");
    });
  }

  form.addEventListener("input", narrow);
  narrow();
}());
