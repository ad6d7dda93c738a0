// Opens the system's share sheet with a text. The button stays hidden in browsers without one.
for (const button of document.querySelectorAll("[data-share]")) {
    button.hidden = !navigator.share;
    button.addEventListener("click", () => navigator.share({ text: button.dataset.share }).catch(() => {}));
}
