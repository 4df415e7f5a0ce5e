/* Draws every figure whose numbers stand in the page. Without this script the still pictures remain;
   on a narrow screen they are shown anyway, because they are laid out for it. */
(function () {
  "use strict";
  Plotly.register({
    moduleType: "locale", name: "da", dictionary: {},
    format: {
      days: ["søndag", "mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag"],
      shortDays: ["søn", "man", "tir", "ons", "tor", "fre", "lør"],
      months: ["januar", "februar", "marts", "april", "maj", "juni", "juli", "august", "september", "oktober", "november", "december"],
      shortMonths: ["jan", "feb", "mar", "apr", "maj", "jun", "jul", "aug", "sep", "okt", "nov", "dec"],
      date: "%d-%m-%Y", decimal: ",", thousands: "."
    }
  });
  var config = JSON.parse(document.getElementById("plot-config").textContent);
  var wide = window.matchMedia("(min-width: 641px)");
  function draw() {
    if (!wide.matches) { return; }
    document.querySelectorAll("script[data-plot]").forEach(function (source) {
      var place = document.getElementById(source.dataset.plot);
      if (place.parentElement.classList.contains("drawn")) { return; }
      var figure = JSON.parse(source.textContent);
      place.parentElement.classList.add("drawn");
      Plotly.newPlot(place, figure.data, figure.layout, config);
    });
  }
  wide.addEventListener("change", draw);
  draw();
})();
