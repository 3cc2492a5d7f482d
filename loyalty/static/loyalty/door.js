"use strict";

/* Finding a guest while one types, and printing the list. */
document.addEventListener("DOMContentLoaded", () => {
  const field = document.getElementById("door-find");
  const rows = [...document.querySelectorAll(".door-list li")];
  if (!field) return;
  field.addEventListener("input", () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const row of rows) row.hidden = !words.every((word) => row.dataset.find.includes(word));
    document.getElementById("door-none").hidden = rows.some((row) => !row.hidden);
  });
  document.getElementById("door-print").addEventListener("click", () => window.print());
});
