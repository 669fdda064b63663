/** Movement of the view: inertia after a drag, and short glides; none where people ask for none. */

const GLIDE_MS = 170;
const FRICTION_MS = 325;
const STOP_PX_PER_MS = 0.02;

export class Motion {
  _move = null;

  /** Whether something moves by itself. */
  get going() {
    return this._move !== null;
  }

  stop() {
    this._move = null;
  }

  /** Let `apply(share)` run from 0 to 1 with a soft end. */
  glide(apply) {
    if (still()) {
      this._move = null;
      apply(1);
      return;
    }
    let begun = null;
    this._move = (now) => {
      begun ??= now;
      const share = Math.min((now - begun) / GLIDE_MS, 1);
      apply(1 - (1 - share) ** 3);
      return share < 1;
    };
  }

  /** Go on with a speed in pixels per millisecond, ever slower. */
  coast(speed, pan) {
    if (still() || Math.abs(speed) < 0.1) return;
    let last = null;
    let now_speed = speed;
    this._move = (now) => {
      const passed = last === null ? 16 : Math.min(now - last, 64);
      last = now;
      const moved = pan(now_speed * passed);
      now_speed *= Math.exp(-passed / FRICTION_MS);
      return moved && Math.abs(now_speed) > STOP_PX_PER_MS;
    };
  }

  /** Take one step; the strip calls this before it draws a frame. */
  step(now) {
    const move = this._move;
    if (move !== null && !move(now) && this._move === move) this._move = null;
  }
}

function still() {
  return window.matchMedia("(prefers-reduced-motion: reduce)").matches;
}
