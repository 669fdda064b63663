/** Mouse, touch and wheel on the strip: drag to pan, pinch and wheel to zoom, Shift+drag to measure. */

const CLICK_PX = 5;
const SPEED_MS = 90;

/**
 * Listen on an element. `strip` is asked to `pan(px)`, `scroll(px)`, `zoom(factor, x)`,
 * `coast(px per ms)`, `hold()`, `pick(x, y)`, `hover(x, y)` and `measure(from, to)`; places are in
 * CSS pixels from the element's corner.
 */
export function listen(element, strip) {
  const fingers = new Map();
  let start = null;
  let trail = [];

  const place = (event) => {
    const box = element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };

  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    if (event.pointerType === "mouse" && event.offsetX > element.clientWidth) return;
    strip.hold();
    const at = place(event);
    fingers.set(event.pointerId, at);
    element.setPointerCapture(event.pointerId);
    start = fingers.size === 1 ? { ...at, measuring: event.shiftKey, moved: false } : null;
    trail = [];
  });

  element.addEventListener("pointermove", (event) => {
    const at = place(event);
    const before = fingers.get(event.pointerId);
    if (!before) {
      if (event.pointerType === "mouse") strip.hover(at.x, at.y);
      return;
    }
    if (fingers.size === 2) pinch(event.pointerId, before, at);
    else if (start) drag(event, before, at);
    fingers.set(event.pointerId, at);
  });

  function drag(event, before, at) {
    if (Math.hypot(at.x - start.x, at.y - start.y) > CLICK_PX) start.moved = true;
    if (!start.moved) return;
    if (start.measuring) {
      strip.measure(start, at);
      return;
    }
    strip.pan(before.x - at.x);
    if (event.pointerType === "mouse") strip.scroll(before.y - at.y);
    trail.push({ x: at.x, time: event.timeStamp });
    trail = trail.filter((each) => event.timeStamp - each.time < SPEED_MS);
  }

  function pinch(id, before, at) {
    const [other] = [...fingers].find(([each]) => each !== id).slice(1);
    const was = Math.hypot(before.x - other.x, before.y - other.y);
    const is = Math.hypot(at.x - other.x, at.y - other.y);
    strip.pan((before.x - at.x) / 2);
    if (was > 10 && is > 10) strip.zoom(is / was, (at.x + other.x) / 2);
  }

  const release = (event) => {
    const at = fingers.get(event.pointerId);
    if (!at) return;
    fingers.delete(event.pointerId);
    if (start && event.type === "pointerup") {
      if (!start.moved) strip.pick(at.x, at.y, event.pointerType);
      else if (!start.measuring && trail.length > 1) {
        const first = trail[0];
        const last = trail.at(-1);
        const passed = last.time - first.time;
        if (passed > 0 && event.timeStamp - last.time < 60) strip.coast((first.x - last.x) / passed);
      }
    }
    start = null;
  };
  element.addEventListener("pointerup", release);
  element.addEventListener("pointercancel", release);
  element.addEventListener("pointerleave", () => strip.hover(null, null));

  element.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      strip.hold();
      const unit = event.deltaMode === 1 ? 30 : event.deltaMode === 2 ? 400 : 1;
      const across = (event.shiftKey && !event.deltaX ? event.deltaY : event.deltaX) * unit;
      const down = event.shiftKey && !event.deltaX ? 0 : event.deltaY * unit;
      if (Math.abs(across) > Math.abs(down)) {
        strip.pan(across);
        return;
      }
      const fine = event.ctrlKey ? 0.012 : 0.0022;
      strip.zoom(Math.exp(-Math.max(Math.min(down, 300), -300) * fine), place(event).x);
    },
    { passive: false },
  );
}
