// One box ticks all of its table, and shows whether all, some or none are.
const boxesOf = (all) => [...all.closest("table").querySelectorAll("tbody input[type=checkbox]")];

const show = (all) => {
  const boxes = boxesOf(all);
  const ticked = boxes.filter((box) => box.checked).length;
  all.checked = ticked === boxes.length;
  all.indeterminate = ticked > 0 && ticked < boxes.length;
};

const reveal = () => document.querySelectorAll("[data-tick-all]").forEach((label) => {
  label.hidden = false;
  show(label.querySelector("input"));
});

document.addEventListener("change", (event) => {
  const all = event.target.closest("table")?.querySelector("[data-tick-all] input");
  if (!all) return;
  if (event.target === all) boxesOf(all).forEach((box) => { box.checked = all.checked; });
  show(all);
});

document.addEventListener("htmx:afterSwap", reveal);
reveal();
