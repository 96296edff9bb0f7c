// Names that the theme leaves out or lets contradict what is seen, for those who listen to the page.
document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll(".search-button-field, .cell details > summary").forEach((control) => {
    control.removeAttribute("aria-label"); // its own words are its name
  });
  document.querySelectorAll(".bd-sidebar-primary summary").forEach((toggle) => {
    const section = toggle.closest("li").querySelector("a").textContent.trim();
    toggle.setAttribute("aria-label", "pages of " + section);
  });
});
