// Two small helps; the portal works without them.
"use strict";

// 1. Sign in with the token of the link. It leaves the address bar at once, so that no history and no screenshot keeps it.
const form = document.querySelector("form[data-sign-in]");
if (form && location.hash.length > 1) {
  form.elements.token.value = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
  form.requestSubmit();
}

// 2. Keep the list fresh while somebody looks at it.
const region = document.querySelector("[data-refresh]");
const live = document.querySelector("[data-live]");
if (region && region.dataset.refresh) {
  let last = "";
  const refresh = async () => {
    if (document.hidden || !document.getSelection().isCollapsed) return;
    try {
      const answer = await fetch(region.dataset.refresh, { headers: { "X-Guard-Refresh": "1" }, redirect: "error" });
      if (answer.status === 401) return location.reload();
      if (!answer.ok) throw new Error(String(answer.status));
      const text = await answer.text();
      live.classList.remove("stale");
      if (text === last) return;
      last = text;
      const focused = region.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
      region.innerHTML = text;
      if (focused) region.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus();
    } catch {
      live.classList.add("stale");
    }
  };
  const tick = () => refresh().finally(() => setTimeout(tick, 2000));
  setTimeout(tick, 2000);
}
