// Before the first paint: the reader's colour scheme and whether the side bar is folded.
(function () {
  try {
    const root = document.documentElement;
    const scheme = localStorage.getItem("serai.scheme");
    if (scheme === "light" || scheme === "dark") root.dataset.scheme = scheme;
    if (localStorage.getItem("serai.side") === "rail") root.dataset.side = "rail";
  } catch (error) { /* storage is switched off: the defaults are fine */ }
})();
