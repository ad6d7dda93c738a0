// The editor of an invoice or a proposal: adds, moves and removes lines, updates totals and preview while typing,
// and saves a draft in pauses. The server calculates and decides.

// How long typing must pause before totals are requested, and before a draft is saved, in
// milliseconds.
const PAUSE = 200;
const KEEP_PAUSE = 2000;

function edit(form) {
    const list = form.querySelector("#line-list");
    const lines = () => [...list.children];
    const cell = (line, name) => line.querySelector(`[name$=".${name}"]`);
    const field = (name) => form.querySelector(`[name="${name}"]`);
    const blank = line(list.lastElementChild);
    const unreached = form.querySelector("[data-unreached]");
    const sheet = form.querySelector("[data-sheet]");
    const kept = document.querySelector("[data-kept]");
    let waiting;
    let asking = new AbortController();

    // An empty line, cloned from one that may have content.
    function line(model) {
        const made = model.cloneNode(true);
        made.querySelectorAll(".lines__cell").forEach((input) => {
            input.defaultValue = "";
            input.value = "";
            for (const name of ["aria-invalid", "aria-describedby", "autofocus"]) input.removeAttribute(name);
        });
        made.querySelectorAll("[data-amount], [data-about]").forEach((part) => {
            part.textContent = "";
        });
        made.querySelectorAll(".field__error, .field__hint:not([data-about])").forEach((remark) => remark.remove());
        return made;
    }

    const say = (text) => {
        form.querySelector("[data-said]").textContent = text;
    };

    // Requests the totals once typing pauses. The shown ones are marked until new ones arrive.
    function update() {
        clearTimeout(waiting);
        asking.abort();
        form.dataset.behind = "yes";
        waiting = setTimeout(ask, PAUSE);
        keepLater();
    }

    async function ask() {
        asking = new AbortController();
        const { signal } = asking;
        const body = new URLSearchParams(new FormData(form));
        const totals = await fetch(form.dataset.invoice, { method: "POST", body, signal })
            .then((answer) => (answer.ok ? answer.json() : null))
            .catch(() => null);
        if (signal.aborted) return;
        unreached.textContent = totals ? "" : form.dataset.sayUnreached;
        if (totals) show(totals);
    }

    function show({ lines: shown, deposits, offer, taxes, below, sheet: html, preset, ...sums }) {
        lines().forEach((row, at) => {
            const [amount, about] = shown[at] ?? ["", ""];
            row.querySelector("[data-amount]").textContent = amount;
            row.querySelector("[data-about]").textContent = about;
        });
        rows("deposits", deposits);
        rows("taxes", taxes);
        const box = form.querySelector("[data-offer]");
        if (box && !box.contains(document.activeElement)) box.innerHTML = offer;
        rows("below", below);
        for (const [name, text] of Object.entries(sums)) {
            document.querySelectorAll(`[data-sum="${name}"]`).forEach((sum) => {
                sum.textContent = text;
            });
        }
        // Without a new preview, the last one stays.
        if (html && sheet) sheet.innerHTML = html;
        delete form.dataset.behind;
        // Another client has presets of its own.
        for (const [name, value] of preset) field(name).value = value;
        terms();
    }

    // Replaces rows of sums.
    function rows(name, sums) {
        form.querySelectorAll(`[data-row=${name}]`).forEach((part) => part.remove());
        form.querySelector(`[data-mark=${name}]`)?.before(
            ...sums.flat().map((text, at) => {
                const part = document.createElement(at % 2 ? "dd" : "dt");
                part.dataset.row = name;
                part.append(text);
                return part;
            }),
        );
    }

    // Saves a draft in a pause, unless it is invalid or was changed elsewhere.
    let pause;
    let keeping = null;
    let isStale = false;

    function keepLater() {
        clearTimeout(pause);
        if (!("keep" in form.dataset) || isStale) return;
        kept.textContent = "";
        pause = setTimeout(() => {
            pause = undefined;
            if (keeping) return keepLater();
            keeping = keep().finally(() => {
                keeping = null;
            });
        }, KEEP_PAUSE);
    }

    async function keep() {
        if (field("clientId").value === "new") return;
        const body = new URLSearchParams(new FormData(form));
        body.set("_action", "keep");
        const answer = await fetch(form.action, { method: "POST", body }).catch(() => null);
        const { version, said } = (await answer?.json().catch(() => null)) ?? {};
        if (version) {
            field("_version").value = version;
            kept.textContent = said;
            if (!pause) form.dispatchEvent(new Event("saved"));
        } else if (said) {
            isStale = true;
            unreached.textContent = said;
        }
    }

    // A form sent while its draft is being saved would be out of date: it waits.
    form.addEventListener("submit", (event) => {
        clearTimeout(pause);
        if (!keeping) return;
        event.preventDefault();
        keeping.then(() => form.requestSubmit(event.submitter));
    });

    // Names, labels and buttons contain the number of their line.
    function renumber() {
        lines().forEach((row, at) => {
            row.querySelectorAll("*").forEach((part) => number(part, at));
            number(row, at);
        });
        form.dispatchEvent(new Event("input"));
        update();
    }

    function number(part, at) {
        for (const name of ["id", "name", "for", "aria-describedby", "aria-labelledby", "popovertarget"]) {
            const value = part.getAttribute(name);
            if (value) part.setAttribute(name, value.replaceAll(/items\.\d+\./g, `items.${at}.`));
        }
        if (part.matches("button[name]")) part.value = part.value.replace(/\d+$/, at);
        if (part.matches("[data-number]")) part.textContent = at + 1;
    }

    const isBlank = (row) => [...row.querySelectorAll(".lines__cell")].every(({ value }) => !value.trim());

    // An empty line always follows the last one.
    function grow() {
        if (isBlank(list.lastElementChild)) return false;
        list.append(blank.cloneNode(true));
        renumber();
        return true;
    }

    function remove(row) {
        const next = row.nextElementSibling ?? row.previousElementSibling;
        const place = lines().indexOf(row) + 1;
        row.remove();
        if (!next) list.append(blank.cloneNode(true));
        if (!grow()) renumber();
        cell(next ?? list.lastElementChild, "description").focus();
        say(form.dataset.sayRemoved.replace("#", place));
    }

    function copy(row) {
        const made = row.cloneNode(true);
        row.after(made);
        renumber();
        cell(made, "description").focus();
    }

    function move(row, by, focused) {
        const other = by < 0 ? row.previousElementSibling : row.nextElementSibling;
        if (!other) return;
        if (by < 0) other.before(row);
        else other.after(row);
        if (!grow()) renumber();
        // Moving an element loses the focus.
        focused.focus();
        say(form.dataset.sayMoved.replace("#", lines().indexOf(row) + 1));
    }

    // The due date of a button: that many days after the issue date.
    function due(days) {
        const issued = field("issueDate").valueAsDate;
        if (!issued) return;
        issued.setUTCDate(issued.getUTCDate() + days);
        field("dueDate").valueAsDate = issued;
        form.dispatchEvent(new Event("input"));
        update();
        terms();
    }

    // Marks the button of the chosen due date.
    function terms() {
        if (!field("dueDate")) return;
        const days = (field("dueDate").valueAsDate - field("issueDate").valueAsDate) / 86_400_000;
        form.querySelectorAll(".chip").forEach((chip) => {
            chip.toggleAttribute("aria-current", false);
            if (chip.value === `due.${days}`) chip.setAttribute("aria-current", "true");
        });
    }

    // Only the projects of the chosen client can be chosen.
    async function projects() {
        const project = field("projectId");
        if (!project) return;
        const clientId = field("clientId").value;
        const asked = new URLSearchParams({ clientId });
        const answer = await fetch(`${form.dataset.projects}?${asked}`).catch(() => null);
        if (!answer?.ok || answer.redirected || clientId !== field("clientId").value) return;
        const chosen = project.value;
        const options = (await answer.json()).map(([id, name]) => new Option(name, id, false, id === chosen));
        project.replaceChildren(project.options[0], ...options);
    }

    form.addEventListener("click", (event) => {
        const button = event.target.closest('button[name="_action"]');
        if (!button) return;
        const row = button.closest("[data-line]");
        const [verb, number] = button.value.split(".");
        const more = row?.querySelector("[popovertarget]");
        const acts = {
            up: () => move(row, -1, more),
            down: () => move(row, 1, more),
            copy: () => copy(row),
            remove: () => remove(row),
            due: () => due(Number(number)),
        };
        if (!acts[verb]) return;
        event.preventDefault();
        button.closest("[popover]")?.hidePopover();
        acts[verb]();
    });

    // Enter moves to the next line; descriptions wrap, but have no line breaks.
    form.addEventListener("keydown", (event) => {
        const row = event.target.closest("[data-line]");
        if (!row || !event.target.matches(".lines__cell") || event.isComposing) return;
        const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
        if (event.key === "Enter") {
            event.preventDefault();
            const name = event.target.name.split(".").at(-1);
            const next = row.nextElementSibling;
            if (!next) return;
            const wanted = cell(next, name);
            (wanted.checkVisibility({ visibilityProperty: true }) ? wanted : cell(next, "description")).focus();
        } else if (by && event.altKey) {
            event.preventDefault();
            move(row, by, event.target);
        }
    });

    // A line is dragged by its handle.
    form.addEventListener("pointerdown", (event) => {
        const grip = event.target.closest("[data-grip]");
        if (!grip || event.button) return;
        event.preventDefault();
        const row = grip.closest("[data-line]");
        const from = lines().indexOf(row);
        row.dataset.held = "yes";
        const drag = ({ clientY }) => {
            const middle = (other) => {
                const { top, height } = other.getBoundingClientRect();
                return top + height / 2;
            };
            const [before, after] = [row.previousElementSibling, row.nextElementSibling];
            if (before && clientY < middle(before)) before.before(row);
            else if (after && clientY > middle(after)) after.after(row);
        };
        const drop = () => {
            removeEventListener("pointermove", drag);
            delete row.dataset.held;
            const at = lines().indexOf(row);
            if (at === from) return;
            if (!grow()) renumber();
            say(form.dataset.sayMoved.replace("#", at + 1));
        };
        addEventListener("pointermove", drag);
        for (const end of ["pointerup", "pointercancel"]) addEventListener(end, drop, { once: true });
    });

    form.addEventListener("input", ({ target }) => {
        if (target === form) return;
        if (target.closest("[data-line]")) grow();
        if (target.name === "clientId") projects();
        if (/Date$/.test(target.name)) terms();
        update();
    });
    addEventListener("online", () => {
        if (form.dataset.behind) update();
    });
    // The browser may have restored earlier input.
    addEventListener("load", () => {
        if (performance.getEntriesByType("navigation")[0].type === "navigate") return;
        projects();
        terms();
        update();
    });
}

// The client is looked for while it is typed. The select keeps what is chosen, "new" for the client
// of the dialog, who is saved with the invoice.
function pick(form) {
    const select = form.querySelector('[name="clientId"]');
    const box = form.querySelector("[data-pick]");
    const list = box.querySelector("[role=listbox]");
    const input = box.querySelector("input");
    const asker = form.querySelector("[data-new-client]");
    const asked = [...asker.querySelectorAll("input")];
    const [name, email] = asked;
    let isTyped = false;
    let waiting;
    let turn = 0;

    const options = () => [...list.children];
    const marked = () => options().find((option) => option.ariaSelected === "true");

    function mark(option) {
        for (const other of options()) other.ariaSelected = String(other === option);
        if (!option) return input.removeAttribute("aria-activedescendant");
        input.setAttribute("aria-activedescendant", option.id);
        option.scrollIntoView({ block: "nearest" });
    }

    // What stands in the field: the chosen client, and nothing that was typed.
    function reset() {
        const option = select.selectedOptions[0];
        clearTimeout(waiting);
        waiting = undefined;
        turn += 1;
        isTyped = false;
        list.hidden = true;
        input.ariaExpanded = "false";
        mark();
        input.value = { "": "", new: name.value || email.value }[select.value] ?? option.text;
    }

    async function ask() {
        clearTimeout(waiting);
        waiting = undefined;
        const mine = ++turn;
        const query = new URLSearchParams({ q: isTyped ? input.value : "" });
        const answer = await fetch(`${box.dataset.pick}?${query}`).catch(() => null);
        if (!answer?.ok || answer.redirected) return;
        const found = await answer.text();
        if (mine !== turn) return;
        list.innerHTML = found;
        options().forEach((option, at) => {
            option.id = `client-${at}`;
        });
        list.hidden = false;
        input.ariaExpanded = "true";
        mark(isTyped ? list.firstElementChild : undefined);
    }

    function set(value, label) {
        const isKnown = [...select.options].some((option) => option.value === value);
        if (!isKnown) select.add(new Option(label, value));
        select.value = value;
        reset();
        select.dispatchEvent(new Event("input", { bubbles: true }));
    }

    function choose({ dataset }) {
        if (dataset.value !== "new") return set(dataset.value, dataset.label);
        if (isTyped) {
            name.value = dataset.name;
            email.value = dataset.email;
        }
        open();
    }

    function open() {
        reset();
        asker.showPopover();
        const wrong = asked.find((field) => field.ariaInvalid === "true");
        (wrong ?? asked.find((field) => field.required && !field.value) ?? asker.querySelector("[data-take]")).focus();
    }

    function take() {
        if (!asked.every((field) => field.reportValidity())) return;
        asker.hidePopover();
        set("new");
    }

    input.addEventListener("click", () => {
        input.select();
        if (list.hidden) ask();
    });
    input.addEventListener("input", (event) => {
        event.stopPropagation();
        isTyped = true;
        clearTimeout(waiting);
        waiting = setTimeout(ask, 120);
    });
    input.addEventListener("blur", () => {
        // The window may lose the focus, not the field.
        if (document.activeElement !== input) reset();
    });
    input.addEventListener("keydown", async (event) => {
        const { key } = event;
        const by = { ArrowDown: 1, ArrowUp: -1 }[key];
        if (event.isComposing) return;
        if (key === "Escape") return reset();
        if (key === "Tab" && isTyped && !list.hidden && marked()?.dataset.value !== "new") choose(marked());
        if (!by && key !== "Enter") return;
        event.preventDefault();
        if (list.hidden || waiting) await ask();
        else if (by) {
            const all = options();
            const at = all.indexOf(marked());
            mark(all[at < 0 && by < 0 ? all.length - 1 : (at + by + all.length) % all.length]);
        }
        if (key === "Enter" && marked()) choose(marked());
    });
    list.addEventListener("pointerdown", (event) => event.preventDefault());
    list.addEventListener("click", ({ target }) => choose(target.closest("[role=option]")));
    asker.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" || !event.target.matches("input")) return;
        event.preventDefault();
        take();
    });
    asker.querySelector("[data-take]").addEventListener("click", take);
    asker.querySelector("[data-drop]").addEventListener("click", () => asker.hidePopover());
    // What is wrong in the dialog is named above the form.
    form.addEventListener("click", ({ target }) => {
        const link = target.closest("a[href^='#f-']");
        if (link && asker.contains(document.getElementById(link.hash.slice(1)))) open();
    });
    addEventListener("pageshow", reset);

    // From here on, the field takes the place of the select, and the dialog that of its own fields.
    const first = form.querySelector("[autofocus]");
    for (const mark of ["id", "aria-describedby", "aria-invalid"]) {
        const value = select.getAttribute(mark);
        if (value) input.setAttribute(mark, value);
    }
    select.removeAttribute("id");
    select.parentElement.before(box);
    select.parentElement.hidden = true;
    box.hidden = false;
    asker.popover = "auto";
    asker.classList.add("dialog");
    asker.firstElementChild.className = "dialog__body";
    asker.lastElementChild.hidden = false;
    if (select.value === "new" && !name.value && !email.value) select.value = "";
    reset();
    if (asker.querySelector("[aria-invalid]")) open();
    else if (first === select || asked.includes(first)) input.focus();
}

document.querySelectorAll("form[data-invoice]").forEach((form) => {
    edit(form);
    if (form.querySelector("[data-pick]")) pick(form);
});
