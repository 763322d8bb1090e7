// Ctrl S presses the save button of the form that is open.
document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "s") return;
  const button = document.querySelector("[data-save] [data-save-button]");
  if (!button) return;
  event.preventDefault();
  button.click();
});
