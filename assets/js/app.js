// Enhances pages that work without it.

const each = (selector, work) => document.querySelectorAll(selector).forEach(work);

// If the menu or tabs scroll, scrolls to the current entry.
each(".tabs [aria-current], .settings__nav [aria-current]", (link) => {
    link.scrollIntoView({ block: "nearest", inline: "center" });
});

// Sends a form once, however often its button is pressed.
document.addEventListener("submit", (event) => {
    const form = event.target;
    // A preview is shown beside its form.
    if (form.method !== "post" || event.defaultPrevented || event.submitter?.formTarget) return;
    if (form.dataset.sent) {
        event.preventDefault();
        return;
    }
    form.dataset.sent = "yes";
});
// The page may come back from the browser's cache.
addEventListener("pageshow", () => each("form[data-sent]", (form) => delete form.dataset.sent));

// Warns before typed input is lost.
let typed = false;
each("form[data-guard]", (form) => {
    form.addEventListener("input", () => {
        typed = true;
    });
    for (const end of ["submit", "saved"]) {
        form.addEventListener(end, () => {
            typed = false;
        });
    }
});
addEventListener("beforeunload", (event) => {
    if (typed) event.preventDefault();
});

// A preview follows its form once it is opened. A new frame leaves nothing to go back to.
each("button[formtarget]", (button) => {
    const { form } = button;
    const fold = button.closest("details");
    let waiting;
    const show = () => {
        if (!fold.open) return;
        const frame = fold.querySelector("iframe");
        frame.replaceWith(frame.cloneNode());
        form.requestSubmit(button);
    };
    fold.addEventListener("toggle", show);
    form.addEventListener("input", () => {
        clearTimeout(waiting);
        waiting = setTimeout(show, 400);
    });
});

// Once a question is closed, its reader goes on where it was asked: at the button of the menu, if it
// was asked in one.
document.addEventListener("toggle", ({ target, newState }) => {
    const active = document.activeElement;
    const isLost = active === document.body || target.contains(active);
    if (newState !== "closed" || !isLost || !target.matches(".dialog[popover]")) return;
    const openerOf = ({ id }) => document.querySelector(`[popovertarget="${id}"]:not(.dialog *)`);
    const item = openerOf(target);
    const menu = item?.closest(".menu");
    menu?.hidePopover();
    (menu ? openerOf(menu) : item)?.focus({ preventScroll: true });
}, true);

// Copies the field or text next to its button. A button that is only an icon shows a tick.
each("[data-copy]", (button) => {
    button.hidden = false;
    const icon = button.querySelector("use");
    const say = (words) => {
        if (!icon) button.textContent = words;
        else button.ariaLabel = words;
    };
    const before = icon ? button.ariaLabel : button.textContent;
    const drawing = icon?.getAttribute("href");
    button.addEventListener("click", async () => {
        const source = document.getElementById(button.dataset.copy);
        try {
            await navigator.clipboard.writeText(source.value ?? source.textContent);
        } catch {
            if (source.select) source.select();
            else getSelection().selectAllChildren(source);
            document.execCommand("copy");
        }
        say(button.dataset.sayCopied);
        icon?.setAttribute("href", drawing.replace(/#.*/, "#check"));
        setTimeout(() => {
            say(before);
            icon?.setAttribute("href", drawing);
        }, 2000);
    });
});

// Filters update lists as they are typed.
each("form[data-live]", (form) => {
    let waiting;
    let asked = 0;
    const refresh = async () => {
        const turn = ++asked;
        const query = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
        const address = `${form.getAttribute("action") || location.pathname}?${query}`;
        const answer = await fetch(address).catch(() => null);
        if (!answer || !answer.ok || answer.redirected) return form.submit();
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        if (turn !== asked) return;
        each(form.dataset.live, (shown) => {
            const found = page.getElementById(shown.id);
            if (!found) return;
            if (!shown.matches("[popovertarget]")) return shown.replaceWith(found);
            // Keeps the button's element, to which the open menu belongs.
            shown.replaceChildren(...found.childNodes);
            if (found.ariaCurrent) shown.ariaCurrent = found.ariaCurrent;
            else shown.removeAttribute("aria-current");
        });
        history.replaceState(null, "", address);
    };
    form.addEventListener("input", () => {
        clearTimeout(waiting);
        waiting = setTimeout(refresh, 250);
    });
});

// One checkbox selects all rows of its table.
document.addEventListener("change", ({ target }) => {
    if (!target.matches("[data-all]")) return;
    target.closest("table").querySelectorAll("td [type=checkbox]").forEach((box) => {
        box.checked = target.checked;
    });
});

// "/" focuses the search.
document.addEventListener("keydown", (event) => {
    const search = document.querySelector("input[type=search]");
    const isTyping = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key === "/" && search && !isTyping && !event.ctrlKey && !event.metaKey) {
        event.preventDefault();
        search.focus();
    }
});

// The browser knows what currencies are called.
const currencies = new Intl.DisplayNames(document.documentElement.lang, { type: "currency", fallback: "none" });
each("option", (option) => {
    const code = option.value;
    const name = option.text === code && /^[A-Z]{3}$/.test(code) && currencies.of(code);
    if (!name) return;
    // Without a value of its own, its text would become the value.
    option.value = code;
    option.text = `${code} – ${name}`;
});

// The browser knows the reader's timezone.
each("select[data-zone]", (select) => {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const isUntouched = [...select.options].every((option) => option.selected === option.defaultSelected);
    if (isUntouched && !document.querySelector("[aria-invalid]") && [...select.options].some(({ value }) => value === zone)) {
        select.value = zone;
    }
});

// A sample shows what is typed.
each("[data-mirror]", (shown) => {
    const before = shown.textContent;
    const field = document.querySelector(`[name="${shown.dataset.mirror}"]`);
    field?.addEventListener("input", () => {
        shown.textContent = field.value.trim() || before;
    });
});

// The next three numbers follow the pattern and the number that are typed.
each("[data-numbers]", (shown) => {
    const [pattern, next] = shown.closest(".l-stack").querySelectorAll(".input");
    const dates = JSON.parse(shown.dataset.numbers);
    const written = (number) =>
        pattern.value.trim().replace(/\{(\w+)\}/g, (token, name) =>
            /^N+$/.test(name) ? `${number}`.padStart(name.length, "0") : (dates[name] ?? token));
    for (const field of [pattern, next]) {
        field.addEventListener("input", () => {
            const first = Number.parseInt(next.value, 10) || 1;
            shown.textContent = [0, 1, 2].map((more) => written(first + more)).join(", ");
        });
    }
});

// Values that a page shows only once can be printed.
each("[data-print]", (button) => {
    button.hidden = false;
    button.addEventListener("click", () => print());
});

// Shows a typed password, and hides it again before it is sent, so that browsers still save it as a
// password.
each("[data-reveal]", (button) => {
    const field = button.parentElement.querySelector("input");
    const show = (isShown) => {
        field.type = isShown ? "text" : "password";
        button.setAttribute("aria-pressed", isShown);
    };
    button.hidden = false;
    button.addEventListener("click", () => show(field.type === "password"));
    field.form?.addEventListener("submit", () => show(false));
});

// The search opens as a dialog over the page.
const palette = document.querySelector("[data-palette]");
const search = async (event) => {
    event.preventDefault();
    try {
        (await import(palette.dataset.palette)).open();
    } catch {
        location.assign(palette.href);
    }
};
palette?.addEventListener("click", (event) => {
    if (!event.ctrlKey && !event.metaKey && !event.shiftKey) search(event);
});
document.addEventListener("keydown", (event) => {
    if (palette && event.key === "k" && (event.ctrlKey || event.metaKey)) search(event);
});
