// The language switch keeps the place: it takes along the anchor of what stands at the top of the window.
"use strict";

document.querySelector(".switch")?.addEventListener("click", (event) => {
  const anchors = [...document.querySelectorAll("main [id]:not(.code, .code *)")].filter((one) => one.offsetParent !== null);
  const above = anchors.filter((one) => one.getBoundingClientRect().top < 140).pop();
  if (above && window.scrollY > 200) event.currentTarget.hash = above.id;
});
