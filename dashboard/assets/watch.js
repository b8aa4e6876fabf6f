// Leaves the page as soon as the session has ended or is locked. It asks over HTTP every two seconds, and at once when
// the server cuts the page's socket: a tab in the background too is cut, while its timers run once a minute.
// It also says whether the person touched anything since it last asked; a session that nobody touches locks itself.
// And it keeps the second click of a double one from what the first has drawn in place of its button: "Enable" for "Disable".
{
  const EVERY_MS = 2000;
  const TOUCHES = ["keydown", "pointerdown", "pointermove", "wheel", "touchstart", "click", "input"];
  const ENDED = 401;
  const LOCKED = 423;
  const ACTS = '[class*="st-key-act-"]'; // as dashboard/once.py names them
  const SOCKET = "data-test-connection-state"; // where Streamlit 1.67.0 writes down how its socket fares

  let isTouched = true; // opening the page
  let isLeaving = false; // leaving again would begin again, and a slow server's page would never come

  const leave = (status) => {
    if (isLeaving) return;
    isLeaving = true;
    const here = encodeURIComponent(location.pathname + location.search);
    document.body?.replaceChildren(); // an opened cell of a table lies beside the app's own element
    location.replace(status === LOCKED ? `/unlock?next=${here}` : "/signin");
  };

  const look = async () => {
    const isActive = isTouched;
    isTouched = false;
    try {
      const headers = isActive ? { "X-Active": "1" } : {};
      const answer = await fetch("/session", { cache: "no-store", redirect: "manual", headers });
      if (answer.status === ENDED || answer.status === LOCKED) leave(answer.status);
      else if (answer.status !== 204) isTouched ||= isActive;
    } catch {
      isTouched ||= isActive; // The server does not answer; Streamlit says so on the page.
    }
  };

  const touch = (event) => { isTouched ||= event.isTrusted; };
  const once = (event) => {
    if (event.detail > 1 && event.target.closest(ACTS)) event.stopImmediatePropagation();
  };

  setInterval(look, EVERY_MS);
  new MutationObserver(look).observe(document, { subtree: true, attributeFilter: [SOCKET] });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
  for (const name of TOUCHES) addEventListener(name, touch, { capture: true, passive: true });
  addEventListener("click", once, { capture: true });
}
