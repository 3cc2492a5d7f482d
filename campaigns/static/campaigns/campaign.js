// Shows only the fields that the chosen offer and schedule need, and previews the campaign as a real member.
"use strict";

(function () {
  const NEEDED = {
    offer_kind: {
      favourite_category_points: ["percent", "except_categories"],
      category_points: ["percent", "category"],
      extra_points: ["points", "minimum_minor"],
    },
    schedule_kind: { once: [], daily: [], weekly: ["weekday"] },
  };

  function follow(form, chooser, wanted) {
    const select = form.querySelector(`[name=${chooser}]`);
    if (!select) return;
    const all = [...new Set(Object.values(wanted).flat())];
    const update = () => all.forEach((name) => {
      const field = form.querySelector(`.field-${name}, [name=${name}]`);
      const box = field && (field.closest(`.field-${name}`) || field);
      if (box) box.style.display = wanted[select.value].includes(name) ? "" : "none";
    });
    select.addEventListener("change", update);
    update();
  }

  function preview(box, form) {
    const shown = box.querySelector("[data-shown]");
    const show = async () => {
      const body = new FormData(form);
      body.append("as_member", box.querySelector("[data-as-member]").value);
      body.append("campaign", box.dataset.campaign);
      shown.innerHTML = await (await fetch(box.dataset.address, { method: "POST", body })).text();
    };
    box.querySelector("[data-show]").addEventListener("click", show);
    box.querySelector("[data-as-member]").addEventListener("keydown", (event) => {
      if (event.key === "Enter") { event.preventDefault(); show(); }
    });
  }

  document.addEventListener("DOMContentLoaded", () => {
    const form = document.querySelector("#campaign_form");
    if (!form) return;
    Object.entries(NEEDED).forEach(([chooser, wanted]) => follow(form, chooser, wanted));
    const box = document.querySelector("[data-campaign-preview]");
    if (box) preview(box, form);
  });
})();
