// The project board: cards move by mouse, touch or keyboard. Each move sends the form on the card
// in the background; the server's board then replaces the old one.

const lanes = () => [...document.querySelectorAll(".lane")];
const nameOf = (lane) => lane.querySelector("h2").firstChild.textContent.trim();
const laneOf = (card) => card.closest(".lane");
const toast = document.getElementById("toast");
const filled = (text, card, lane) =>
    text.replace("#name", () => card.dataset.name).replace("#column", () => nameOf(lane));

document.documentElement.classList.add("draggable");

let hiding;
const tell = (text, button) => {
    clearTimeout(hiding);
    toast.replaceChildren(document.createTextNode(text));
    if (button) toast.append(" ", button);
};
const hideSoon = () => {
    clearTimeout(hiding);
    hiding = setTimeout(() => toast.replaceChildren(), 10000);
};
// The undo message stays while the reader is using it.
toast.addEventListener("pointerenter", () => clearTimeout(hiding));
toast.addEventListener("pointerleave", hideSoon);
toast.addEventListener("focusin", () => clearTimeout(hiding));
toast.addEventListener("focusout", hideSoon);

const refreshed = async (form, status) => {
    const fields = new URLSearchParams(new FormData(form));
    fields.set("status", status);
    const answer = await fetch(form.action, { method: "POST", body: fields });
    if (!answer.ok) throw new Error(String(answer.status));
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const found = page.getElementById("found");
    if (!found) throw new Error("no board");
    return { found, notice: page.querySelector(".notice") };
};

const undoButton = (id, status) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "plain";
    button.textContent = toast.dataset.sayUndo;
    button.addEventListener("click", () => move(id, status, { canUndo: false }));
    return button;
};

let isMoving = false;
const move = async (id, status, { canUndo = true, isFollowed = true } = {}) => {
    const card = document.getElementById(id);
    if (!card || isMoving || laneOf(card).dataset.status === status) return;
    const before = laneOf(card).dataset.status;
    isMoving = true;
    const lane = lanes().find((lane) => lane.dataset.status === status);
    // Show the card in its new place at once; the answer updates the counts and the order.
    const list = lane.querySelector("ol");
    if (list) list.prepend(card);
    card.classList.add("waiting");
    try {
        const { found, notice } = await refreshed(card.querySelector("form"), status);
        const scrolled = document.querySelector(".board").scrollLeft;
        document.getElementById("found").replaceWith(found);
        found.querySelector(".board").scrollLeft = scrolled;
        const now = document.getElementById(id);
        const isMoved = now ? laneOf(now).dataset.status === status : true;
        tell(notice ? notice.textContent : toast.dataset.sayMoved, canUndo && isMoved ? undoButton(id, before) : null);
        now?.querySelector(".grip").focus({ preventScroll: true });
        if (isFollowed) now?.scrollIntoView({ block: "nearest", inline: "nearest" });
        hideSoon();
    } catch {
        location.reload();
    } finally {
        isMoving = false;
    }
};

// Forms on the cards work the same way.
document.addEventListener("submit", (event) => {
    const card = event.target.closest(".job");
    if (!card) return;
    event.preventDefault();
    move(card.id, new FormData(event.target).get("status"));
}, true);

// By keyboard: pick up, choose a column, put down.
let held = null;
const aim = (lane) => {
    for (const other of lanes()) other.classList.toggle("aimed", other === lane);
    lane?.scrollIntoView({ block: "nearest", inline: "nearest" });
};
const leave = () => {
    held?.card.classList.remove("held");
    held?.grip.removeAttribute("aria-pressed");
    held = null;
    aim(null);
};
document.addEventListener("keydown", (event) => {
    const grip = event.target.closest?.(".grip");
    if (!grip) return;
    const card = grip.closest(".job");
    const isPick = event.key === "Enter" || event.key === " ";
    if (!held && isPick) {
        held = { card, grip, at: lanes().indexOf(laneOf(card)) };
        card.classList.add("held");
        grip.setAttribute("aria-pressed", "true");
        aim(laneOf(card));
        tell(filled(toast.dataset.sayHeld, card, laneOf(card)));
    } else if (held && isPick) {
        const lane = lanes()[held.at];
        leave();
        if (lane === laneOf(card)) tell(filled(toast.dataset.sayKept, card, lane));
        else move(card.id, lane.dataset.status);
        hideSoon();
    } else if (held && event.key === "Escape") {
        leave();
        tell(filled(toast.dataset.sayKept, card, laneOf(card)));
        hideSoon();
    } else if (held && (event.key === "ArrowRight" || event.key === "ArrowLeft")) {
        const isForward = (event.key === "ArrowRight") === (getComputedStyle(card).direction === "ltr");
        held.at = Math.min(Math.max(held.at + (isForward ? 1 : -1), 0), lanes().length - 1);
        aim(lanes()[held.at]);
        tell(nameOf(lanes()[held.at]));
    } else {
        return;
    }
    event.preventDefault();
});
document.addEventListener("focusout", (event) => {
    if (held && event.target === held.grip) leave();
});

// By mouse anywhere on the card, by touch only on its handle, so that the page can scroll.
let drag = null;
const overlapped = (x, y) => lanes().find((lane) => {
    const box = lane.getBoundingClientRect();
    return x >= box.left && x <= box.right && y >= box.top - 40 && y <= box.bottom + 40;
});
document.addEventListener("pointerdown", (event) => {
    const card = event.target.closest?.(".job");
    if (!card || event.button !== 0 || isMoving) return;
    const grip = event.target.closest(".grip");
    if (!grip && (event.pointerType !== "mouse" || event.target.closest("button, select, summary, input"))) return;
    drag = { card, id: event.pointerId, x: event.clientX, y: event.clientY, isOn: false };
});
const follow = (event) => {
    drag.card.style.transform = `translate(${event.clientX - drag.x}px, ${event.clientY - drag.y}px)`;
    aim(null);
    overlapped(event.clientX, event.clientY)?.classList.add("aimed");
};
document.addEventListener("pointermove", (event) => {
    if (!drag || event.pointerId !== drag.id) return;
    if (!drag.isOn) {
        if (Math.hypot(event.clientX - drag.x, event.clientY - drag.y) < 6) return;
        drag.isOn = true;
        drag.card.classList.add("dragged");
        drag.card.setPointerCapture(drag.id);
        getSelection()?.removeAllRanges();
    }
    const board = document.querySelector(".board");
    const box = board.getBoundingClientRect();
    const edge = 48;
    const before = board.scrollLeft;
    if (event.clientX > box.right - edge) board.scrollLeft += 12;
    if (event.clientX < box.left + edge) board.scrollLeft -= 12;
    // The card stays under the finger while the board scrolls below it.
    drag.x -= board.scrollLeft - before;
    follow(event);
});
const end = (event, isDropped) => {
    if (!drag || event.pointerId !== drag.id) return;
    const { card, isOn } = drag;
    drag = null;
    if (!isOn) return;
    const lane = isDropped ? overlapped(event.clientX, event.clientY) : null;
    card.classList.remove("dragged");
    card.style.transform = "";
    aim(null);
    // A drag is not a click on the link where it began.
    const swallow = (click) => {
        click.preventDefault();
        click.stopPropagation();
    };
    addEventListener("click", swallow, { capture: true, once: true });
    setTimeout(() => removeEventListener("click", swallow, true));
    if (lane) move(card.id, lane.dataset.status, { isFollowed: false });
};
document.addEventListener("pointerup", (event) => end(event, true));
document.addEventListener("pointercancel", (event) => end(event, false));
document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && drag) end({ pointerId: drag.id }, false);
});
