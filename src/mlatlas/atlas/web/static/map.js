// The map's camera, the panel about one place, search, and the route from what the reader knows.
"use strict";

const map = document.getElementById("map");
const sheet = document.querySelector(".sheet");
const panel = document.getElementById("panel");
const find = document.getElementById("find");
const words = panel.dataset;
const spots = new Map([...map.querySelectorAll(".spot")].map((spot) => [spot.dataset.id, spot]));
const roads = [...map.querySelectorAll(".road")];
const bridges = [...map.querySelectorAll(".bridge")];
const title = (id) => spots.get(id).dataset.title;
const needs = (id) => roads.filter((road) => road.dataset.to === id).map((road) => road.dataset.from);
const usedBy = (id) => roads.filter((road) => road.dataset.from === id).map((road) => road.dataset.to);

// ---- camera -------------------------------------------------------------------------------------------

const [, , WIDTH, HEIGHT] = map.dataset.all.split(" ").map(Number);
const calm = matchMedia("(prefers-reduced-motion: reduce)");
let view = { x: 0, y: 0, width: WIDTH, height: HEIGHT };
let flight = 0;

function show(next) {
  const ratio = sheet.clientHeight / sheet.clientWidth;
  const width = Math.min(Math.max(next.width, 220), Math.max(WIDTH, HEIGHT / ratio));
  const height = width * ratio;
  const keep = (at, size, all) => (size >= all ? (all - size) / 2 : Math.min(Math.max(at, 0), all - size));
  view = { x: keep(next.x, width, WIDTH), y: keep(next.y, height, HEIGHT), width, height };
  map.setAttribute("viewBox", `${view.x.toFixed(1)} ${view.y.toFixed(1)} ${width.toFixed(1)} ${height.toFixed(1)}`);
  map.classList.toggle("far", sheet.clientWidth / width < 0.62);
  map.classList.toggle("close", sheet.clientWidth / width > 1.1); // the laws' roads show their names
}

function fly(next) {
  cancelAnimationFrame(flight);
  const from = view;
  const began = performance.now();
  const step = (now) => {
    const t = calm.matches ? 1 : Math.min((now - began) / 260, 1);
    const ease = t * (2 - t);
    const mix = (name) => from[name] + (next[name] - from[name]) * ease;
    show({ x: mix("x"), y: mix("y"), width: mix("width") });
    if (t < 1) flight = requestAnimationFrame(step);
  };
  step(began);
}

// What the reader does ends a flight.
function steer(next) {
  cancelAnimationFrame(flight);
  show(next);
}

// Zoom about a point of the window, or about the middle.
function zoomed(factor, clientX, clientY) {
  const box = sheet.getBoundingClientRect();
  const at = clientX === undefined ? [0.5, 0.5] : [(clientX - box.left) / box.width, (clientY - box.top) / box.height];
  const width = Math.min(Math.max(view.width / factor, 220), WIDTH * 1.5);
  const height = (width * view.height) / view.width;
  return { x: view.x + (view.width - width) * at[0], y: view.y + (view.height - height) * at[1], width };
}

const whole = () => ({ x: 0, y: 0, width: WIDTH });

function visit(id) {
  const dot = spots.get(id).querySelector("circle");
  const [x, y] = [Number(dot.getAttribute("cx")), Number(dot.getAttribute("cy"))];
  const inside = x > view.x + 20 && x < view.x + view.width - 130 && y > view.y + 30 && y < view.y + view.height - 40;
  if (inside && sheet.clientWidth / view.width > 0.62) return;
  const width = Math.min(view.width, sheet.clientWidth / 0.95);
  fly({ x: x - width / 2 + 50, y: y - (width * sheet.clientHeight) / sheet.clientWidth / 2, width });
}

document.querySelector(".zoom").hidden = false;
document.querySelector(".zoom").addEventListener("click", (event) => {
  const how = event.target.dataset.zoom;
  if (how) fly(how === "all" ? whole() : zoomed(how === "in" ? 1.5 : 1 / 1.5));
});
sheet.addEventListener("wheel", (event) => {
  if (!event.ctrlKey && !event.metaKey) return; // a plain wheel scrolls the page
  event.preventDefault();
  steer(zoomed(Math.exp(-event.deltaY * 0.005), event.clientX, event.clientY));
}, { passive: false });
sheet.addEventListener("dblclick", (event) => fly(zoomed(1.8, event.clientX, event.clientY)));
sheet.addEventListener("keydown", (event) => {
  const far = view.width * 0.12;
  const moves = {
    ArrowLeft: () => ({ ...view, x: view.x - far }),
    ArrowRight: () => ({ ...view, x: view.x + far }),
    ArrowUp: () => ({ ...view, y: view.y - far }),
    ArrowDown: () => ({ ...view, y: view.y + far }),
    "+": () => zoomed(1.4),
    "=": () => zoomed(1.4),
    "-": () => zoomed(1 / 1.4),
    0: whole,
  };
  if (!(event.key in moves) || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  steer(moves[event.key]());
});

const fingers = new Map();
let dragged = 0;
sheet.addEventListener("pointerdown", (event) => {
  fingers.set(event.pointerId, event);
  dragged = 0;
});
sheet.addEventListener("pointermove", (event) => {
  const before = fingers.get(event.pointerId);
  if (!before) return;
  const other = [...fingers.values()].find((one) => one.pointerId !== event.pointerId);
  const scale = view.width / sheet.clientWidth;
  if (other) {
    const apart = (one) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
    steer(zoomed(apart(event) / Math.max(apart(before), 1), (event.clientX + other.clientX) / 2, (event.clientY + other.clientY) / 2));
  } else {
    steer({ ...view, x: view.x - (event.clientX - before.clientX) * scale, y: view.y - (event.clientY - before.clientY) * scale });
  }
  dragged += Math.abs(event.clientX - before.clientX) + Math.abs(event.clientY - before.clientY);
  if (dragged > 6 && !sheet.hasPointerCapture(event.pointerId)) sheet.setPointerCapture(event.pointerId);
  fingers.set(event.pointerId, event);
});
for (const end of ["pointerup", "pointercancel"]) sheet.addEventListener(end, (event) => fingers.delete(event.pointerId));
map.addEventListener("dragstart", (event) => event.preventDefault());
new ResizeObserver(() => show(view)).observe(sheet);

// ---- what is lit --------------------------------------------------------------------------------------

let chosen = null;
let path = null; // the places of a route

function light(id) {
  const near = path ? new Set(path) : new Set(id ? [id, ...needs(id), ...usedBy(id)] : []);
  map.classList.toggle("dimmed", near.size > 0);
  for (const [one, spot] of spots) {
    spot.classList.toggle("lit", near.has(one));
    spot.classList.toggle("chosen", one === id);
  }
  for (const road of roads) {
    const { from, to } = road.dataset;
    road.classList.toggle("lit", path ? near.has(from) && near.has(to) : from === id || to === id);
  }
  for (const bridge of bridges) {
    const lit = bridge.dataset.a === id || bridge.dataset.b === id;
    bridge.classList.toggle("lit", lit);
    if (lit) for (const end of [bridge.dataset.a, bridge.dataset.b]) spots.get(end).classList.add("lit");
  }
}

const spotOf = (event) => event.target.closest(".spot")?.dataset.id;
for (const over of ["pointerover", "focusin"]) map.addEventListener(over, (event) => !path && light(spotOf(event) ?? chosen));
for (const out of ["pointerleave", "focusout"]) map.addEventListener(out, () => !path && light(chosen));
map.addEventListener("focusin", (event) => spotOf(event) && event.target.matches(":focus-visible") && visit(spotOf(event)));

// ---- what the reader knows, kept in this browser -------------------------------------------------------

const known = new Set(JSON.parse(localStorage.getItem("mlatlas-known") ?? "[]").filter((id) => spots.has(id)));
for (const spot of map.querySelectorAll(".mastered")) known.add(spot.dataset.id);

function before(id, found = new Set()) {
  for (const need of needs(id)) {
    if (!found.has(need)) {
      found.add(need);
      before(need, found);
    }
  }
  return found;
}

function behind() {
  const all = new Set(known);
  for (const id of known) for (const one of before(id)) all.add(one);
  return all;
}

function mark() {
  localStorage.setItem("mlatlas-known", JSON.stringify([...known]));
  const all = behind();
  for (const [id, spot] of spots) spot.classList.toggle("known", all.has(id));
}

function route(id) {
  const past = behind();
  const order = [];
  const walk = (one) => {
    if (past.has(one) || order.includes(one)) return;
    needs(one).forEach(walk);
    order.push(one);
  };
  walk(id);
  return order;
}

// ---- the panel ----------------------------------------------------------------------------------------

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "onclick") made.addEventListener("click", value);
    else if (value !== null) made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

const button = (text, onclick, pressed = null) => element("button", { type: "button", onclick, "aria-pressed": pressed }, text);
const places = (ids, kind = "ul") =>
  element(kind, {}, ...ids.map((id) => element("li", { class: spots.get(id).classList.contains("built") ? null : "planned" }, button(title(id), () => choose(id)))));

function fill(...children) {
  panel.replaceChildren(element("button", { type: "button", class: "close", "aria-label": words.close, onclick: () => choose(null) }, "×"), ...children);
  panel.hidden = false;
}

function choose(id) {
  chosen = id;
  path = null;
  light(id);
  history.replaceState(null, "", id ? `#${id}` : location.pathname + location.search);
  if (!id) {
    panel.hidden = true;
    return;
  }
  visit(id);
  const built = spots.get(id).classList.contains("built");
  const href = spots.get(id).getAttribute("href");
  const part = (name, ids) => (ids.length ? [element("h3", {}, name), places(ids)] : []);
  const laws = bridges.filter((bridge) => [bridge.dataset.a, bridge.dataset.b].includes(id));
  const between = laws.map((bridge) => {
    const other = bridge.dataset.a === id ? bridge.dataset.b : bridge.dataset.a;
    const text = `${bridge.querySelector("text").textContent} ↔ ${title(other)}`;
    return element("li", {}, element("a", { href: bridge.getAttribute("href") }, text));
  });
  fill(
    element("h2", {}, element("a", { href }, title(id))),
    ...(built ? [] : [element("p", { class: "fine" }, words.planned)]),
    element("p", { class: "actions" },
      element("a", { href, class: "main" }, built ? words.read : words.plan),
      button(words.route, () => travel(id)),
      button(words.know, () => { known.has(id) ? known.delete(id) : known.add(id); mark(); choose(id); }, String(known.has(id)))),
    ...part(words.needs, needs(id)),
    ...part(words.used, usedBy(id)),
    ...(between.length ? [element("h3", {}, words.laws), element("ul", {}, ...between)] : []),
  );
}

function travel(id) {
  const steps = route(id);
  path = steps.length ? steps : null;
  light(id);
  const query = [...known].map((one) => `from=${one}`).join("&");
  fill(
    element("h2", {}, title(id)),
    element("p", { class: "fine" }, steps.length ? words.steps : words.here),
    places(steps, "ol"),
    element("p", { class: "actions" }, element("a", { href: `/route/${id}${query ? `?${query}` : ""}` }, words.reasons)),
  );
  if (steps.length) fly(whole());
}

map.addEventListener("click", (event) => {
  if (dragged > 6) return event.preventDefault();
  const id = spotOf(event);
  if (id && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    choose(id);
    if (event.detail === 0) panel.querySelector("h2 a").focus(); // by keyboard
  } else if (!id && !event.target.closest("a") && chosen) {
    choose(null);
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || panel.hidden) return;
  const last = chosen;
  choose(null);
  if (last) spots.get(last).focus();
});

// ---- search -------------------------------------------------------------------------------------------

function search() {
  const text = find.value.trim().toLowerCase();
  const parts = text.split(/\s+/);
  const rank = (spot) => (spot.dataset.find.split(" · ").some((name) => name.startsWith(text)) ? 0 : 1);
  const hits = [...spots.values()].filter((spot) => text && parts.every((part) => spot.dataset.find.includes(part)));
  hits.sort((a, b) => rank(a) - rank(b));
  for (const spot of spots.values()) spot.classList.toggle("hit", hits.includes(spot));
  map.classList.toggle("searching", text !== "");
  return hits.map((spot) => spot.dataset.id);
}

find.addEventListener("input", () => {
  const hits = search();
  if (!find.value.trim()) return choose(null);
  path = null;
  light(null);
  fill(element("p", { class: "fine" }, hits.length ? `${hits.length} ${words.found}` : words.none), places(hits.slice(0, 30)));
});
find.form.addEventListener("submit", (event) => {
  const hits = search();
  if (!hits.length) return; // the list searches the pages' text as well
  event.preventDefault();
  find.value = "";
  search();
  choose(hits[0]);
  panel.querySelector("h2 a").focus();
});

mark();
if (sheet.clientWidth < 700) show({ x: 0, y: 0, width: 620 });
else show(view);
if (spots.has(location.hash.slice(1))) choose(location.hash.slice(1));
