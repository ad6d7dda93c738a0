// Updates the public address while the username is typed, and reports pictures that are too large
// before they are sent.

const MIB = 1024 * 1024;
const MIB_MAX = 5;

for (const field of document.querySelectorAll("[data-names]")) {
    const shown = document.getElementById(field.dataset.names);
    const before = shown?.textContent;
    field.addEventListener("input", () => {
        shown.textContent = field.value.trim() || before;
    });
}

for (const field of document.querySelectorAll("[data-picture]")) {
    const error = document.getElementById(`${field.id}-error`);
    const refuse = (text) => {
        field.setCustomValidity(text);
        field.toggleAttribute("aria-invalid", Boolean(text));
        field.setAttribute("aria-describedby", text ? `${field.id}-hint ${error.id}` : `${field.id}-hint`);
        error.textContent = text;
        error.hidden = !text;
    };
    field.addEventListener("change", () => {
        const file = field.files[0];
        const isTooLarge = file && file.size > MIB_MAX * MIB;
        refuse(isTooLarge ? field.dataset.sayLarge.replace("#", (file.size / MIB).toFixed(1)) : "");
    });
    // In forms without their own validation, this check runs here.
    field.form.addEventListener("submit", (event) => {
        if (field.validity.customError) {
            event.preventDefault();
            field.focus();
        }
    });
}
