// What renews itself waits while somebody is in it: their focus, their selection and what they opened stay.
const isUsed = (part) => {
  const selection = getSelection();
  return part.contains(document.activeElement)
    || part.querySelector("details[open]") !== null
    || (!selection.isCollapsed && part.contains(selection.anchorNode));
};

document.addEventListener("htmx:beforeRequest", (event) => {
  const part = event.detail.elt;
  if (part.matches("[data-live]") && (document.hidden || isUsed(part))) event.preventDefault();
});

document.addEventListener("htmx:oobBeforeSwap", (event) => {
  if (isUsed(event.detail.target)) event.detail.shouldSwap = false;
});
