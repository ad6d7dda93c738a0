// The project board: cards move by mouse or touch, and by their menus. Each move sends the menu of
// the card in the background; the server's board then replaces the old one.

const toast = document.getElementById("toast");
const lanes = () => [...document.querySelectorAll(".lane")];
const laneOf = (card) => card.closest(".lane");
const laneNamed = (status) => lanes().find((lane) => lane.dataset.status === status);

let hiding;
const hideSoon = () => {
    clearTimeout(hiding);
    hiding = setTimeout(() => toast.replaceChildren(), 10000);
};
// The toast stays while the reader is using it.
toast.addEventListener("pointerenter", () => clearTimeout(hiding));
toast.addEventListener("pointerleave", hideSoon);
toast.addEventListener("focusin", () => clearTimeout(hiding));
toast.addEventListener("focusout", hideSoon);

const refreshed = async (action, fields) => {
    const answer = await fetch(action, { method: "POST", body: fields });
    if (!answer.ok) throw new Error(String(answer.status));
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const found = page.getElementById("found");
    if (!found) throw new Error("no board");
    return { found, notice: page.querySelector(".notice[role]") };
};

let isMoving = false;
const send = async (id, action, fields, status, before) => {
    isMoving = true;
    fields.set("status", status);
    try {
        const { found, notice } = await refreshed(action, fields);
        document.getElementById("found").replaceWith(found);
        toast.replaceChildren(notice?.querySelector("span").textContent ?? "");
        if (before && notice?.role !== "alert") {
            const undo = document.createElement("button");
            undo.type = "button";
            undo.className = "btn";
            undo.dataset.size = "sm";
            undo.textContent = toast.dataset.sayUndo;
            undo.addEventListener("click", () => {
                fields.set("_version", laneNamed(status).dataset.version);
                send(id, action, fields, before);
            });
            toast.append(undo);
        }
        document.querySelector(`#${id} [data-grip]`)?.focus({ preventScroll: true });
        hideSoon();
    } catch {
        location.reload();
    } finally {
        isMoving = false;
    }
};

const move = (card, status) => {
    const before = laneOf(card).dataset.status;
    if (isMoving || before === status) return;
    const form = card.querySelector("form");
    const fields = new URLSearchParams(new FormData(form));
    // Show the card in its new place at once; the answer updates the counts and the order.
    laneNamed(status).querySelector("h2").after(card);
    card.dataset.held = "";
    send(card.id, form.action, fields, status, before);
};

document.addEventListener("submit", (event) => {
    const card = event.target.closest(".card");
    if (!card) return;
    event.preventDefault();
    move(card, event.submitter.value);
}, true);

// With a mouse anywhere on the card, by touch only on its handle, so that the page can scroll.
let drag = null;
const aim = (aimed) => {
    for (const lane of lanes()) lane.toggleAttribute("data-aimed", lane === aimed);
};
const overlapped = (x, y) => lanes().find((lane) => {
    const box = lane.getBoundingClientRect();
    return x >= box.left && x <= box.right && y >= box.top - 8 && y <= box.bottom + 8;
});
document.addEventListener("pointerdown", (event) => {
    const card = event.target.closest?.(".card");
    if (!card || event.button !== 0 || isMoving || event.target.closest("form")) return;
    if (event.pointerType !== "mouse" && !event.target.closest("[data-grip]")) return;
    drag = { card, id: event.pointerId, x: event.clientX, y: event.clientY + scrollY, isOn: false };
});
document.addEventListener("pointermove", (event) => {
    if (!drag || event.pointerId !== drag.id) return;
    const [x, y] = [event.clientX - drag.x, event.clientY + scrollY - drag.y];
    if (!drag.isOn) {
        if (Math.hypot(x, y) < 6) return;
        drag.isOn = true;
        drag.card.dataset.held = "";
        drag.card.setPointerCapture(drag.id);
        getSelection()?.removeAllRanges();
    }
    // The page scrolls when the card comes near its edge.
    const edge = 64;
    if (event.clientY < edge) scrollBy(0, -12);
    if (event.clientY > innerHeight - edge) scrollBy(0, 12);
    drag.card.style.transform = `translate(${x}px, ${y}px)`;
    aim(overlapped(event.clientX, event.clientY));
});
const end = (event, isDropped) => {
    if (!drag || event.pointerId !== drag.id) return;
    const { card, isOn } = drag;
    drag = null;
    if (!isOn) return;
    const lane = isDropped ? overlapped(event.clientX, event.clientY) : null;
    delete card.dataset.held;
    card.style.transform = "";
    aim(null);
    // A drag is not a click on the link where it began.
    const swallow = (click) => {
        click.preventDefault();
        click.stopPropagation();
    };
    addEventListener("click", swallow, { capture: true, once: true });
    setTimeout(() => removeEventListener("click", swallow, true));
    if (lane) move(card, lane.dataset.status);
};
document.addEventListener("pointerup", (event) => end(event, true));
document.addEventListener("pointercancel", (event) => end(event, false));
document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && drag) end({ pointerId: drag.id }, false);
});
