// A menu closes when something else is touched, or with Escape, which gives the focus back.
document.addEventListener("click", (event) => {
  document.querySelectorAll("details.menu[open]").forEach((menu) => menu.contains(event.target) || (menu.open = false));
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.querySelector("details.menu[open]");
  if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
  if (location.hash === "#nav") { location.hash = "#main"; document.querySelector(".nav-open").focus(); }
});
