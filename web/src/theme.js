// Runs before the first paint, so that a page never flashes in the wrong light.
try {
  const theme = localStorage.getItem("charteroak-theme");
  if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
} catch {
  // No storage in this browser: the system's own setting holds.
}
document.documentElement.classList.add("co-scripted");
