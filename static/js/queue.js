// One key an answer, for a queue worked off by keyboard. Off while somebody writes, and for whoever switched it off.
const OFF = "keys-off";
const isWriting = (target) => target.matches("select, textarea, [contenteditable], input:not([type=radio], [type=checkbox])");
const isOff = () => localStorage.getItem(OFF) === "1";
const keySwitch = document.querySelector("[data-keys-switch]");

const show = () => {
  keySwitch.hidden = false;
  keySwitch.setAttribute("aria-pressed", String(!isOff()));
};

if (document.querySelector("[data-queue]")) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || isOff() || isWriting(event.target)) return;
    const key = event.key.toLowerCase();
    const wanted = key === "z" ? document.querySelector("[data-toast] form button") : document.querySelector(`[data-key="${CSS.escape(key)}"]`);
    if (wanted === null) return;
    event.preventDefault();
    wanted.click();
  });
}

if (keySwitch !== null) {
  show();
  keySwitch.addEventListener("click", () => {
    localStorage.setItem(OFF, isOff() ? "0" : "1");
    show();
  });
}
