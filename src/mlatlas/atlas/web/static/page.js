// An equation and the lines of code that are it light each other up.
"use strict";

const code = document.querySelector("section.code");
const linesOf = (label) => [...document.querySelectorAll(`.line[data-equations~="${CSS.escape(label)}"]`)];

function lit(event) {
  const equation = event.target.closest(".equation.tied");
  const line = event.target.closest(".line.tagged");
  if (equation) return [equation, ...linesOf(equation.id.slice(3))];
  if (!line) return [];
  const labels = line.dataset.equations.split(" ");
  return [line, ...labels.flatMap((label) => [document.getElementById(`eq-${label}`), ...linesOf(label)])];
}

function light(event) {
  const wanted = new Set(lit(event));
  for (const one of document.querySelectorAll(".lit")) if (!wanted.has(one)) one.classList.remove("lit");
  for (const one of wanted) one?.classList.add("lit");
  const first = [...wanted].find((one) => one?.classList.contains("line"));
  if (!event.target.closest(".equation.tied") || !first || code.scrollHeight <= code.clientHeight) return;
  const far = first.getBoundingClientRect().top - code.getBoundingClientRect().top;
  if (far < 40 || far > code.clientHeight - 60) code.scrollTop += far - code.clientHeight / 3;
}

if (code) for (const over of ["mouseover", "focusin"]) document.addEventListener(over, light);
