// Passes a text on through the share sheet of the system, where there is one.
for (const button of document.querySelectorAll("[data-share]")) {
    button.hidden = !navigator.share;
    button.addEventListener("click", () => navigator.share({ text: button.dataset.share }).catch(() => {}));
}
