// Previews the campaign as a real member, from the fields as they stand.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const form = document.querySelector("#campaign_form");
  const box = document.querySelector("[data-campaign-preview]");
  if (!form || !box) return;
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
});
