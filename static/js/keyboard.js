// Ctrl K searches; a question mark shows the keys, unless somebody is writing.
const isWriting = (target) => target.matches("input, textarea, select, [contenteditable]");

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    const field = document.querySelector("[data-search]");
    field?.focus();
    field?.select();
  }
  if (event.key === "?" && !event.ctrlKey && !event.metaKey && !isWriting(event.target)) {
    document.getElementById("keys")?.togglePopover();
  }
});
