// Draws a segment's tree as rows and writes the rows back into the tree. A tree that rows cannot show stays as JSON.
"use strict";

(function () {
  const made = (tag, attributes, ...inside) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (name === "class") element.className = value;
      else if (value !== null && value !== undefined) element.setAttribute(name, value);
    }
    element.append(...inside);
    return element;
  };

  function start(box) {
    const known = JSON.parse(document.getElementById("condition-questions").textContent);
    const byType = Object.fromEntries(known.questions.map((question) => [question.type, question]));
    const area = box.querySelector("textarea");
    const rows = box.querySelector("[data-rows]");
    const match = box.querySelector("[data-match]");
    const result = box.querySelector("[data-result]");
    const form = box.closest("form");
    let timer = null;

    // A name with a comma cannot stand in a row, where commas separate names.
    const hasComma = (node) => Object.values(node).flat().some((value) => String(value).includes(","));
    const isLeaf = (node) => node && byType[node.type] !== undefined && !hasComma(node);
    const isRow = (node) => isLeaf(node) || (node && node.type === "not" && isLeaf(node.of));
    const programme = () => {
      const select = form.querySelector("[name=programme]");
      return select && select.value ? select.value : area.dataset.programme || Object.keys(known.programmes)[0] || "";
    };
    const money = () => known.programmes[programme()] || { currency: "", decimals: 2 };

    function flat(tree) {
      if (isRow(tree)) return { match: "all", of: [tree] };
      if (tree && ["all", "any"].includes(tree.type) && tree.of.every(isRow)) return { match: tree.type, of: tree.of };
      return null;
    }

    function input(field, value) {
      if (field.kind === "choice" || field.kind === "months") {
        const isMonths = field.kind === "months";
        const choices = isMonths ? known.months.map((name, at) => [at + 1, name]) : field.choices.map((c) => [c, c]);
        const chosen = isMonths ? value || [] : [value];
        const select = made("select", { "data-field": field.name, multiple: isMonths ? "" : null });
        for (const [code, label] of choices) {
          const option = made("option", { value: code }, label);
          option.selected = chosen.includes(code);
          select.append(option);
        }
        return [select];
      }
      if (field.kind === "words") {
        const shown = (value || []).join(", ");
        return [made("input", { "data-field": field.name, class: "is-words", value: shown, list: `words-${field.list}`,
          placeholder: "one or more, separated by commas", "aria-label": field.list })];
      }
      if (field.kind === "money") {
        const { currency, decimals } = money();
        const shown = value === undefined ? "" : (value / 10 ** decimals).toFixed(decimals);
        return [made("input", { "data-field": field.name, type: "number", min: "0", step: String(1 / 10 ** decimals),
          value: shown, "aria-label": "amount" }), made("span", { class: "conditions-unit" }, currency)];
      }
      const unit = field.kind === "days" ? "days" : "";
      return [made("input", { "data-field": field.name, type: "number", min: "1", value: value ?? "",
        "aria-label": field.name }), made("span", { class: "conditions-unit" }, unit)];
    }

    function row(node) {
      const isNot = node.type === "not";
      const leaf = isNot ? node.of : node;
      const not = made("select", { "data-not": "", "aria-label": "is or is not" },
        made("option", { value: "" }, "is true:"), made("option", { value: "not" }, "is not true:"));
      not.value = isNot ? "not" : "";
      const type = made("select", { "data-type": "", "aria-label": "condition" },
        ...known.questions.map((question) => made("option", { value: question.type }, question.label)));
      type.value = leaf.type;
      const fields = made("span", { style: "display: contents" });
      const draw = (values) => fields.replaceChildren(
        ...byType[type.value].fields.flatMap((field) => input(field, values[field.name])));
      draw(leaf);
      type.addEventListener("input", () => draw({}));
      const remove = made("button", { type: "button", class: "conditions-remove", title: "Remove" }, "✕");
      const line = made("div", { class: "conditions-row" }, not, type, fields, remove);
      remove.addEventListener("click", () => { line.remove(); write(); });
      return line;
    }

    function read(line) {
      const type = line.querySelector("[data-type]").value;
      const node = { type };
      for (const field of byType[type].fields) {
        const element = line.querySelector(`[data-field="${field.name}"]`);
        if (field.kind === "words") node[field.name] = element.value.split(",").map((w) => w.trim()).filter(Boolean);
        else if (field.kind === "months") node[field.name] = [...element.selectedOptions].map((o) => Number(o.value));
        else if (field.kind === "choice") node[field.name] = element.value;
        else if (field.kind === "money") node[field.name] = Math.round(Number(element.value) * 10 ** money().decimals);
        else node[field.name] = Number(element.value);
      }
      return line.querySelector("[data-not]").value ? { type: "not", of: node } : node;
    }

    function write() {
      area.value = JSON.stringify({ type: match.value, of: [...rows.children].map(read) });
      ask();
    }

    function ask() {
      clearTimeout(timer);
      timer = setTimeout(async () => {
        const body = new FormData();
        body.append("tree", area.value);
        body.append("programme", programme());
        body.append("csrfmiddlewaretoken", form.querySelector("[name=csrfmiddlewaretoken]").value);
        const answer = await (await fetch(box.dataset.preview, { method: "POST", body })).json();
        result.hidden = false;
        result.classList.toggle("is-problem", Boolean(answer.problem));
        if (answer.problem) result.replaceChildren(answer.problem);
        else result.replaceChildren(made("div", { class: "conditions-count" }, `${answer.count} members`), answer.sentence);
      }, 300);
    }

    const shown = flat(JSON.parse(area.value || "null"));
    if (shown === null) { area.addEventListener("input", ask); ask(); return; }
    area.hidden = true;
    for (const part of box.querySelectorAll(".conditions-match, .conditions-foot")) part.hidden = false;
    match.value = shown.match;
    rows.append(...shown.of.map(row));
    box.querySelector("[data-add]").addEventListener("click", () => {
      rows.append(row({ type: "bought_within", days: 30 }));
      write();
    });
    box.addEventListener("input", write);
    box.addEventListener("change", write);
    const select = form.querySelector("[name=programme]");
    if (select) select.addEventListener("change", write);
    ask();
  }

  document.addEventListener("DOMContentLoaded", () => document.querySelectorAll("[data-conditions]").forEach(start));
})();
