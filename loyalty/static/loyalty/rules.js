// The rule's page: rows of conditions are shown as they are added, and a sentence says what the fields say.
"use strict";

(function () {
  const lineOf = (element) => element.closest(".field-line") || element.closest(".form-row") || element.parentElement;

  // A row is all lines of the form whose fields carry the same data-row.
  function gather(part) {
    const rows = new Map();
    for (const field of part.querySelectorAll("[data-row]")) {
      const row = rows.get(field.dataset.row) || { name: field.dataset.rowName, fields: new Set(), lines: new Set() };
      row.fields.add(field);
      row.lines.add(lineOf(field));
      rows.set(field.dataset.row, row);
    }
    return rows;
  }

  const isFilled = (field) => {
    if (["checkbox", "radio"].includes(field.type)) return field.checked;
    if (field.tagName === "SELECT" && field.multiple) return field.selectedOptions.length > 0;
    return field.tagName === "SELECT" ? field.selectedIndex > 0 : field.value !== "";
  };

  function empty(field) {
    if (["checkbox", "radio"].includes(field.type)) field.checked = false;
    else if (field.tagName === "SELECT") {
      for (const option of field.options) option.selected = false;
      if (!field.multiple && field.options.length) field.options[0].selected = true;
    } else field.value = "";
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.dispatchEvent(new Event("change", { bubbles: true }));
    if (window.django && field.classList.contains("select2-hidden-accessible")) django.jQuery(field).trigger("change");
  }

  function drawRows(part) {
    const rows = gather(part);
    if (!rows.size) return;
    const adder = document.createElement("select");
    adder.className = "rule-add";
    adder.setAttribute("aria-label", "Add");
    const offer = () => {
      adder.replaceChildren(new Option("Add ...", ""));
      adder.hidden = [...rows.values()].every((row) => row.isShown);
      for (const [key, row] of rows) if (!row.isShown) adder.add(new Option(row.name, key));
    };
    const show = (row, isShown) => {
      row.isShown = isShown;
      row.box.hidden = !isShown;
      offer();
    };
    const holder = [...[...rows.values()][0].lines][0].parentElement;
    for (const row of rows.values()) {
      row.box = document.createElement("div");
      row.box.className = "rule-row";
      const head = document.createElement("p");
      head.className = "rule-row-head";
      const remove = document.createElement("button");
      remove.type = "button";
      remove.textContent = "✕";
      remove.title = `Remove: ${row.name}`;
      remove.setAttribute("aria-label", remove.title);
      remove.addEventListener("click", () => { row.fields.forEach(empty); show(row, false); });
      head.append(row.name, remove);
      const [at] = row.lines;
      topOf(at, holder).before(row.box);
      row.box.append(head, ...[...row.lines].map((line) => topOf(line, holder)));
      row.isShown = [...row.fields].some(isFilled) || [...row.lines].some((line) => line.querySelector(".errorlist, .text-red-600"));
      row.box.hidden = !row.isShown;
    }
    adder.addEventListener("change", () => {
      const row = rows.get(adder.value);
      if (!row) return;
      show(row, true);
      [...rows.values()].at(-1).box.parentElement.insertBefore(row.box, adder.parentElement);
      const field = [...row.fields][0];
      if (field.type === "checkbox" && row.fields.size <= 3) field.click();
      field.focus();
    });
    const foot = document.createElement("div");
    foot.className = "rule-row-foot";
    foot.append(adder);
    [...rows.values()].at(-1).box.after(foot);
    offer();
  }

  // The outermost element around a line that still lies within the holder.
  function topOf(line, holder) {
    let top = line;
    while (top.parentElement && top.parentElement !== holder && holder.contains(top.parentElement)) top = top.parentElement;
    return top;
  }

  function sayWhatItDoes(form) {
    const box = document.querySelector("[data-rule-says]");
    if (!box) return;
    let timer = null;
    const ask = () => {
      clearTimeout(timer);
      timer = setTimeout(async () => {
        const answer = await (await fetch(box.dataset.ruleSays, { method: "POST", body: new FormData(form) })).json();
        box.classList.toggle("is-unfinished", Boolean(answer.problem));
        box.textContent = answer.sentence || answer.problem;
      }, 300);
    };
    form.addEventListener("input", ask);
    form.addEventListener("change", ask);
    if (window.django && django.jQuery) django.jQuery(form).on("change", "select", ask);
    ask();
  }

  // Enter would press the first button of the page, which is one of those that try the rule out.
  function saveOnEnter(form) {
    form.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.target.tagName !== "INPUT" || event.target.closest("#try, #past")) return;
      event.preventDefault();
      form.requestSubmit([...form.elements].find((one) => one.name === "_save"));
    });
  }

  // A rule that is not saved lives in this page alone: what is tried on the past opens beside it, and a browser that goes
  // back shows an empty form rather than half of what stood there.
  function keepWhatIsUnsaved(form) {
    form.autocomplete = "off";
    for (const button of form.querySelectorAll("[name=_back_test]")) button.formTarget = "_blank";
  }

  document.addEventListener("DOMContentLoaded", () => {
    const form = document.getElementById("rule_form") || document.getElementById("voucherseries_form");
    if (!form) return;
    keepWhatIsUnsaved(form);
    saveOnEnter(form);
    form.querySelectorAll("fieldset").forEach(drawRows);
    sayWhatItDoes(form);
  });
})();
