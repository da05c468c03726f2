// Keeps the words and the bar of Today up to date. Without it the page is whole, and stays as it was when it was asked
// for. It changes texts and lengths alone; what looks different from then on is asked for anew.
(() => {
  const page = document.querySelector("[data-day]");
  const parts = (name) => new Map([...document.querySelectorAll(`[${name}]`)].map((one) => [one.getAttribute(name), one]));
  const alike = (known, told) => known.size === Object.keys(told).length && Object.keys(told).every((key) => known.has(key));

  const take = (event) => {
    const told = JSON.parse(event.data);
    const [texts, lengths] = [parts("data-live"), parts("data-live-bar")];
    if (told.day !== page.dataset.day || !alike(texts, told.text) || !alike(lengths, told.bar ?? {})) {
      // Not while somebody is choosing something.
      if (!document.querySelector("details[open]")) location.reload();
      return;
    }
    for (const [key, text] of Object.entries(told.text)) {
      if (texts.get(key).textContent !== text) texts.get(key).textContent = text;
    }
    for (const [key, places] of Object.entries(told.bar ?? {})) {
      for (const [name, place] of Object.entries(places)) lengths.get(key).setAttribute(name, place);
    }
  };

  let source;
  const look = () => {
    if (document.hidden) {
      source?.close();
      source = undefined;
    } else if (!source) {
      source = new EventSource("/live/today");
      source.onmessage = take;
    }
  };
  document.addEventListener("visibilitychange", look);
  if (page) look();
})();
