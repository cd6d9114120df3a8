// Sets the chosen theme before the first paint. The page's policy allows no inline script, hence a file.
try {
  var chosen = localStorage.getItem("runwisp.theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // Storage is switched off: the system's theme it is.
}
