"use strict";

// A page that is a report prints by its own button; without scripts, by the browser's.
document.querySelectorAll("[data-print]").forEach((button) => {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
});
