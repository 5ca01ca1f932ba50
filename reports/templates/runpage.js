"use strict";
(function () {
  var form = document.getElementById("filters");
  var rows = Array.prototype.slice.call(document.querySelectorAll("#table tbody tr"));
  var told = document.getElementById("shown");
  var names = ["area", "level", "verdict", "q"];

  function fields() {
    return names.map(function (name) { return form.elements[name]; });
  }

  function show() {
    var wanted = {};
    fields().forEach(function (field) { wanted[field.name] = field.value.trim().toLowerCase(); });
    var shown = 0;
    rows.forEach(function (row) {
      var fits = ["area", "level", "verdict"].every(function (name) {
        return !wanted[name] || row.dataset[name].toLowerCase() === wanted[name];
      }) && (!wanted.q || row.textContent.toLowerCase().indexOf(wanted.q) >= 0);
      row.hidden = !fits;
      shown += fits ? 1 : 0;
    });
    told.textContent = shown + " of " + rows.length + " checks";
  }

  function remember() {
    var state = new URLSearchParams();
    fields().forEach(function (field) { if (field.value) { state.set(field.name, field.value); } });
    var text = state.toString();
    history.replaceState(null, "", text ? "#" + text : location.pathname + location.search);
  }

  function recall() {
    var hash = location.hash.slice(1);
    var target = hash && document.getElementById(decodeURIComponent(hash));
    if (target) {
      for (var at = target; at; at = at.parentElement) {
        if (at.tagName === "DETAILS") { at.open = true; }
      }
      target.hidden = false;
      var inner = target.querySelector("details");
      if (inner) { inner.open = true; }
      target.scrollIntoView();
      return;
    }
    if (hash && hash.indexOf("=") < 0) { return; }
    var state = new URLSearchParams(hash);
    fields().forEach(function (field) { field.value = state.get(field.name) || ""; });
    show();
  }

  form.hidden = false;
  form.addEventListener("input", function () { show(); remember(); });
  form.addEventListener("submit", function (event) { event.preventDefault(); });
  form.addEventListener("reset", function () {
    setTimeout(function () { show(); remember(); }, 0);
  });
  window.addEventListener("hashchange", recall);
  show();
  recall();
}());
