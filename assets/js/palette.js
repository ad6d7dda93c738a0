// Shows the search of /search in a dialog over any page.

const state = { turn: 0 };

const fetched = async (text) => {
    const answer = await fetch(`/search?q=${encodeURIComponent(text)}`).catch(() => null);
    if (!answer || !answer.ok || answer.redirected) return null;
    return new DOMParser().parseFromString(await answer.text(), "text/html");
};

const options = () => [...state.list.querySelectorAll("a")];

const choose = (option) => {
    for (const other of options()) other.setAttribute("aria-selected", String(other === option));
    if (!option) return state.input.removeAttribute("aria-activedescendant");
    state.input.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
};

const fill = (page) => {
    const found = page.getElementById("hits");
    found.querySelectorAll("section").forEach((group) => group.setAttribute("role", "group"));
    found.querySelectorAll("h2").forEach((head) => head.setAttribute("aria-hidden", "true"));
    found.querySelectorAll("a").forEach((link, number) => {
        link.id = `palette-${number}`;
        link.tabIndex = -1;
        link.setAttribute("role", "option");
    });
    state.list.replaceChildren(...found.childNodes);
    choose(options()[0]);
};

const ask = async () => {
    clearTimeout(state.waiting);
    const turn = ++state.turn;
    const page = await fetched(state.input.value);
    if (turn !== state.turn) return;
    state.isBehind = false;
    if (page) fill(page);
};

// Waits for the results of the current input before the first one is opened.
const enter = async (event) => {
    event.preventDefault();
    const isNew = event.ctrlKey || event.metaKey;
    if (state.isBehind) await ask();
    const option = state.list.querySelector("[aria-selected=true]");
    if (option && isNew) window.open(option.href);
    else if (option) location.assign(option.href);
};

const press = (event) => {
    const all = options();
    const now = all.findIndex((option) => option.ariaSelected === "true");
    const to = { ArrowDown: now + 1, ArrowUp: now - 1 }[event.key];
    if (to !== undefined) {
        event.preventDefault();
        choose(all[(to + all.length) % all.length]);
    } else if (event.key === "Enter" && !event.isComposing) {
        enter(event);
    }
};

const build = (page) => {
    const dialog = page.getElementById("palette").content.firstElementChild;
    document.body.append(dialog);
    state.dialog = dialog;
    state.input = dialog.querySelector("input");
    state.list = dialog.querySelector("[role=listbox]");
    state.input.addEventListener("keydown", press);
    state.input.addEventListener("input", () => {
        state.isBehind = true;
        clearTimeout(state.waiting);
        state.waiting = setTimeout(ask, 120);
    });
    dialog.addEventListener("click", (event) => {
        if (event.target === dialog) dialog.close();
    });
};

// Opens the dialog; without a response, opens the search page.
export const open = async () => {
    if (state.dialog?.open) return state.dialog.close();
    const page = await fetched("");
    if (!page) return location.assign("/search");
    if (!state.dialog) build(page);
    state.input.value = "";
    fill(page);
    state.dialog.showModal();
};
