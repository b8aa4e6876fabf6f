// Leaves the page as soon as the session has ended or is locked. The run that a click began says so at once; the others
// have their socket cut, so this asks over HTTP.
// It also says whether the person touched anything since it last asked; a session that nobody touches locks itself.
// And it keeps the second click of a double one from what the first has drawn in place of its button: "Enable" for "Disable".
const EVERY_MS = 2000;
const TOUCHES = ["keydown", "pointerdown", "pointermove", "wheel", "touchstart", "click", "input"];
const ENDED = 401;
const LOCKED = 423;
const ACTS = '[class*="st-key-act-"]'; // as dashboard/once.py names them

const tabs = new BroadcastChannel("session"); // a tab in the background is told at once: its timers run once a minute
let isTouched = true; // opening the page
let isLeaving = false; // leaving again would begin again, and a slow server's page would never come

function leave(status) {
  if (isLeaving) return;
  isLeaving = true;
  const here = encodeURIComponent(location.pathname + location.search);
  document.getElementById("root").replaceChildren();
  location.replace(status === LOCKED ? `/unlock?next=${here}` : "/signin");
}

async function look() {
  const isActive = isTouched;
  isTouched = false;
  try {
    const headers = isActive ? { "X-Active": "1" } : {};
    const answer = await fetch("/session", { cache: "no-store", redirect: "manual", headers });
    if (answer.status === ENDED || answer.status === LOCKED) {
      tabs.postMessage(answer.status);
      leave(answer.status);
    } else if (answer.status !== 204) {
      isTouched ||= isActive;
    }
  } catch {
    isTouched ||= isActive; // The server does not answer; Streamlit says so on the page.
  }
}

const touch = (event) => { isTouched ||= event.isTrusted; };
const once = (event) => {
  if (event.detail > 1 && event.target.closest(ACTS)) event.stopImmediatePropagation();
};
const seen = () => { if (!document.hidden) look(); };

export default function ({ data }) {
  if (data.left) {
    tabs.postMessage(data.left);
    leave(data.left);
    return;
  }
  const timer = setInterval(look, EVERY_MS);
  const heard = (message) => leave(message.data);
  tabs.addEventListener("message", heard);
  document.addEventListener("visibilitychange", seen);
  for (const name of TOUCHES) window.addEventListener(name, touch, { capture: true, passive: true });
  window.addEventListener("click", once, { capture: true });
  return () => {
    window.removeEventListener("click", once, { capture: true });
    clearInterval(timer);
    tabs.removeEventListener("message", heard);
    document.removeEventListener("visibilitychange", seen);
    for (const name of TOUCHES) window.removeEventListener(name, touch, { capture: true });
  };
}
