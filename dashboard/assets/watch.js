// Leaves the page as soon as the session has ended: the socket may be cut by then, so this asks over HTTP.
const EVERY_MS = 2000;

async function look() {
  try {
    const answer = await fetch("/session", { cache: "no-store", redirect: "manual" });
    if (answer.status === 401) {
      document.getElementById("root").replaceChildren();
      location.replace("/signin");
    }
  } catch {
    // The server does not answer; Streamlit says so on the page.
  }
}

export default function () {
  const timer = setInterval(look, EVERY_MS);
  const seen = () => { if (!document.hidden) look(); };
  document.addEventListener("visibilitychange", seen);
  return () => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", seen);
  };
}
