// The equation as it is typed, and names that can be put in by a click. Without this file the answer is shown when judged.
"use strict";

const ask = document.querySelector("form[data-formula]");
const field = document.getElementById("answer");
if (field) {
  const asked = document.getElementById("asked");
  const fault = document.getElementById("fault");
  let waiting = 0;
  let last = 0;
  const show = async () => {
    const turn = ++last;
    const reply = await fetch(`${ask.dataset.formula}?text=${encodeURIComponent(field.value)}`).catch(() => null);
    if (!reply?.ok || turn !== last) return;
    const told = await reply.json();
    if (told.math) asked.innerHTML = told.math;
    fault.textContent = told.fault ?? "";
  };
  field.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(show, 120);
  });
  for (const name of document.querySelectorAll(".names code")) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = name.textContent;
    button.addEventListener("click", () => {
      field.setRangeText(name.textContent, field.selectionStart, field.selectionEnd, "end");
      field.focus();
      field.dispatchEvent(new Event("input"));
    });
    name.replaceWith(button);
  }
}
