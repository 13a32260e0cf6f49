// A slider beside every number, a run as it happens, and buttons that copy. Without this file all of it works by reloading.
"use strict";

for (const number of document.querySelectorAll("input[data-turn]")) {
  const [low, high] = [Number(number.min), Number(number.max)];
  const log = number.dataset.turn === "log";
  const whole = number.step === "1";
  const slider = document.createElement("input");
  Object.assign(slider, { type: "range", min: 0, max: 1000, step: 1, tabIndex: -1 });
  slider.setAttribute("aria-hidden", "true"); // the number says and takes the same
  const place = () => {
    const value = Number(number.value);
    slider.value = 1000 * (log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low));
  };
  slider.addEventListener("input", () => {
    const share = slider.value / 1000;
    const value = log ? low * (high / low) ** share : low + share * (high - low);
    const rounded = whole ? Math.round(value) : Number(value.toPrecision(3));
    number.value = Math.min(high, Math.max(low, rounded));
  });
  number.addEventListener("input", place);
  place();
  number.before(slider);
}

for (const button of document.querySelectorAll("button[data-copy]")) {
  const source = document.getElementById(button.dataset.copy);
  const before = button.textContent;
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(source.href ?? source.textContent.trim() + "\n");
    button.textContent = "✓";
    setTimeout(() => { button.textContent = before; }, 1500);
  });
}

const run = document.querySelector("[data-stream]");
if (run) {
  const source = new EventSource(run.dataset.stream);
  const bar = document.getElementById("progress");
  const doing = document.getElementById("doing");
  source.addEventListener("message", (message) => {
    const told = JSON.parse(message.data);
    if (told.slot) {
      const slot = document.getElementById(`slot-${told.slot}`);
      const former = told.figure && document.getElementById(`figure-${told.figure}`);
      if (former) former.outerHTML = told.html; // a curve that has grown
      else slot.insertAdjacentHTML("beforeend", told.html);
      slot.closest("[hidden]")?.removeAttribute("hidden");
    }
    if (told.text) doing.textContent = told.text;
    if (typeof told.done === "number") bar.value = told.done;
    if (told.end) {
      source.close();
      location.reload();
    }
  });
}
