"use strict";
// The cells of a matrix by keyboard; after the rows are filtered.
(function () {
  var FIRST = 3;
  var table = document.getElementById("table");
  var rows = Array.prototype.slice.call(table.querySelectorAll("tbody tr[id]"));

  // One cell can be reached by Tab, all others by arrow keys from there.
  var links = Array.prototype.slice.call(table.querySelectorAll("a.cell"));

  function begin() {
    var first = links.find(function (link) {
      return !link.parentElement.hidden && !link.closest("tr").hidden;
    });
    links.forEach(function (link) { link.tabIndex = link === first ? 0 : -1; });
  }

  function beside(cell, key) {
    var step = key === "ArrowLeft" || key === "ArrowUp" ? -1 : 1;
    var across = key === "ArrowLeft" || key === "ArrowRight";
    var row = cell.parentElement;
    var place = rows.indexOf(row);
    for (var at = cell.cellIndex; ;) {
      if (across) { at += step; } else { place += step; }
      var other = rows[place] && rows[place].cells[at];
      if (!other || at < FIRST) { return null; }
      var link = !other.hidden && !rows[place].hidden && other.querySelector("a.cell");
      if (link) { return link; }
    }
  }

  table.addEventListener("keydown", function (event) {
    if (!event.target.matches("a.cell") || event.key.indexOf("Arrow") || event.altKey) { return; }
    var link = beside(event.target.parentElement, event.key);
    event.preventDefault();
    if (link) { link.focus(); }
  });
  table.addEventListener("focusin", function (event) {
    if (!event.target.matches("a.cell")) { return; }
    links.forEach(function (link) { if (link.tabIndex === 0) { link.tabIndex = -1; } });
    event.target.tabIndex = 0;
  });

  document.getElementById("filters").addEventListener("input", begin);
  document.getElementById("keys").hidden = false;
  begin();
}());
