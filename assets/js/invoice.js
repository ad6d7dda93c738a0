// The editor of an invoice's lines: adds, removes and moves rows, and updates the totals while
// typing. The server calculates them.

// How long typing must pause before the server is asked, in milliseconds.
const PAUSE = 200;

function edit(form) {
    const list = form.querySelector("#line-list");
    const lines = () => [...list.children];
    const cell = (line, name) => line.querySelector(`[name$=".${name}"]`);
    const blank = line(list.lastElementChild);
    const unreached = form.querySelector("[data-unreached]");
    let waiting;
    let asking = new AbortController();

    // An empty line, cloned from one that may have content.
    function line(model) {
        const made = model.cloneNode(true);
        made.querySelectorAll("input").forEach((input) => {
            input.setAttribute("value", "");
            input.value = "";
            input.removeAttribute("aria-invalid");
            input.removeAttribute("aria-describedby");
            input.removeAttribute("autofocus");
        });
        made.querySelector("[data-amount]").textContent = "";
        made.querySelectorAll(".error, .stored").forEach((error) => error.remove());
        made.querySelectorAll(".wrong").forEach((field) => field.classList.remove("wrong"));
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

    function show({ amounts, ...sums }) {
        lines().forEach((row, at) => {
            row.querySelector("[data-amount]").textContent = amounts[at];
        });
        for (const [name, text] of Object.entries(sums)) {
            form.querySelector(`[data-sum="${name}"]`).textContent = text;
        }
        delete form.dataset.behind;
    }

    // Names, labels and buttons contain the number of their line.
    function renumber() {
        lines().forEach((row, at) => {
            row.querySelectorAll("*").forEach((part) => {
                for (const name of ["id", "name", "for", "aria-describedby"]) {
                    const value = part.getAttribute(name);
                    if (value) part.setAttribute(name, value.replaceAll(/items\.\d+\./g, `items.${at}.`));
                }
                if (part.matches("button")) part.value = part.value.replace(/\d+$/, at);
                if (part.matches("[data-number]")) part.textContent = at + 1;
            });
        });
        form.dispatchEvent(new Event("input"));
        update();
    }

    function add() {
        const made = blank.cloneNode(true);
        list.append(made);
        renumber();
        cell(made, "description").focus();
    }

    function remove(row) {
        const next = row.nextElementSibling ?? row.previousElementSibling;
        const number = lines().indexOf(row) + 1;
        row.remove();
        if (next) {
            renumber();
            cell(next, "description").focus();
        } else {
            add();
        }
        say(form.dataset.sayRemoved.replace("#", number));
    }

    function move(row, by, button) {
        const other = by < 0 ? row.previousElementSibling : row.nextElementSibling;
        if (!other) return;
        if (by < 0) other.before(row);
        else other.after(row);
        renumber();
        // Moving an element loses the focus.
        button?.focus();
        say(form.dataset.sayMoved.replace("#", lines().indexOf(row) + 1));
    }

    form.addEventListener("click", (event) => {
        const button = event.target.closest('button[name="_action"]');
        if (!button) return;
        event.preventDefault();
        const row = button.closest(".line");
        const verb = button.value.split(".")[0];
        if (verb === "add") add();
        else if (verb === "remove") remove(row);
        else if (verb === "up") move(row, -1, button);
        else if (verb === "down") move(row, 1, button);
    });

    // Enter moves to the next line, and from the last one to a new one.
    form.addEventListener("keydown", (event) => {
        const row = event.target.closest(".line");
        if (!row || event.target.tagName !== "INPUT" || event.isComposing) return;
        const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
        if (event.key === "Enter") {
            event.preventDefault();
            const name = event.target.name.split(".").at(-1);
            const next = row.nextElementSibling;
            if (next) cell(next, name).focus();
            else add();
        } else if (by && event.altKey) {
            event.preventDefault();
            move(row, by, event.target);
        }
    });

    form.addEventListener("input", ({ target }) => {
        if (/(quantity|rate|currency)$/i.test(target.name)) update();
    });
    addEventListener("online", () => {
        if (form.dataset.behind) update();
    });
    // The browser may have restored earlier input.
    addEventListener("load", () => {
        if (performance.getEntriesByType("navigation")[0].type !== "navigate") update();
    });
}

document.querySelectorAll("form[data-invoice]").forEach(edit);
