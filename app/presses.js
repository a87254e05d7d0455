// Keeps a press from being lost when the page's layout changes under it: leaving a field can add a line above the button
// that is being pressed, and a browser sends no click if the pointer is released over another element.

/** Elements that a click acts on. */
const TARGETS = "button, summary, label, a[href]";
/** Pixels that a pointer may move during a press; a user who moves farther takes the press back. */
const TOLERANCE = 4;

export function keepPresses() {
  let press;
  addEventListener("pointerdown", ({ target, button, clientX, clientY }) => {
    press = button === 0 ? { element: target.closest(TARGETS), clientX, clientY } : undefined;
  });
  addEventListener("pointerup", ({ target, clientX, clientY }) => {
    const { element, ...from } = press ?? {};
    press = undefined;
    const stayed = Math.hypot(clientX - from.clientX, clientY - from.clientY) <= TOLERANCE;
    if (element && stayed && !element.contains(target)) element.click();
  });
}
