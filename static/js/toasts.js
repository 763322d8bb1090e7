// A toast can be put away; it goes by itself after half a minute, unless it is pointed at or holds the focus.
const STAYS = 30_000;

document.querySelectorAll("[data-toast]").forEach((toast) => {
  const button = toast.querySelector("[data-dismiss]");
  button.hidden = false;
  button.addEventListener("click", () => toast.remove());
  const leave = () => (toast.matches(":hover, :focus-within") ? setTimeout(leave, STAYS) : toast.remove());
  setTimeout(leave, STAYS);
});
