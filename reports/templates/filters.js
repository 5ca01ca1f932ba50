"use strict";
(function () {
  var form = document.getElementById("filters");
  var table = document.getElementById("table");
  var rows = Array.prototype.slice.call(table.querySelectorAll("tbody tr[id]"));
  var told = document.getElementById("shown");
  var fields = Array.prototype.filter.call(form.elements, function (one) { return one.name; });
  var choices = fields.filter(function (field) { return field.tagName === "SELECT"; });
  var texts = rows.map(function (row) {
    return Array.prototype.map.call(row.querySelectorAll(".said"), function (cell) {
      return cell.textContent.toLowerCase();
    }).join("\n");
  });

  function show() {
    var words = form.elements.q.value.trim().toLowerCase();
    var shown = 0;
    rows.forEach(function (row, at) {
      var fits = choices.every(function (field) {
        return !field.value || row.dataset[field.name].split(" ").indexOf(field.value) >= 0;
      }) && texts[at].indexOf(words) >= 0;
      row.hidden = !fits;
      shown += fits ? 1 : 0;
    });
    Array.prototype.forEach.call(table.tBodies, function (group) {
      group.hidden = !group.querySelector("tr[id]:not([hidden])");
    });
    told.textContent = shown + " of " + rows.length + " " + form.dataset.noun;
  }

  function remember() {
    var state = new URLSearchParams();
    fields.forEach(function (field) { if (field.value) { state.set(field.name, field.value); } });
    var text = state.toString();
    history.replaceState(null, "", text ? "#" + text : location.pathname + location.search);
  }

  function changed() { form.dispatchEvent(new Event("input")); }

  function recall() {
    var hash = location.hash.slice(1);
    var target = hash && document.getElementById(decodeURIComponent(hash));
    if (target) {
      for (var at = target; at; at = at.parentElement) {
        if (at.tagName === "DETAILS") { at.open = true; }
        at.hidden = false;
      }
      var inner = target.querySelector("details");
      if (inner) { inner.open = true; }
      target.scrollIntoView();
      return;
    }
    if (hash && hash.indexOf("=") < 0) { return; }
    var state = new URLSearchParams(hash);
    fields.forEach(function (field) { field.value = state.get(field.name) || ""; });
    changed();
  }

  form.hidden = false;
  form.addEventListener("input", function () { show(); remember(); });
  form.addEventListener("submit", function (event) { event.preventDefault(); });
  form.addEventListener("reset", function () { setTimeout(changed, 0); });
  window.addEventListener("hashchange", recall);
  show();
  recall();
}());
