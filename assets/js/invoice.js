// The editor of an invoice's lines: rows come, go and move, and the sums follow what is typed.
// Numbers are whole, with their decimals counted beside them, as the server has them.

const MAX_MINOR = 10n ** 15n;
const MAX_PRODUCT = 2n ** 127n;
// As far as the server's decimals reach.
const MAX_DIGITS = 2n ** 96n;
const NOTHING = "–";

// What stands before the decimals and between the thousands of a format, such as `1.234,56`.
const marks = (format) => [format.at(-3), format[1].trim() || "\u00a0"];

// The digits of a number with its decimals behind `mark`, and all other separators between groups
// of three. What is none is null.
function joined(digits, mark) {
    const place = mark === null ? digits.length : digits.indexOf(mark);
    const [whole, fraction] = [digits.slice(0, place), digits.slice(place + 1)];
    const isWhole = /^[0-9]*$/.test(whole) || /^[1-9][0-9]{0,2}(?:([ '_.,])[0-9]{3})(?:\1[0-9]{3})*$/.test(whole);
    const plain = whole.replace(/[^0-9]/g, "");
    return isWhole && /^[0-9]*$/.test(fraction) && plain + fraction !== "" ? [plain, fraction] : null;
}

// The parts of a number as people write it; null where it is none, or could be several.
function parts(digits, format) {
    const [point, separator] = marks(format);
    const found = digits.match(/[.,]/g) ?? [];
    const last = found.at(-1);
    if (found.length === 0) return joined(digits, null);
    if (found.length > 1) return joined(digits, found[0] === last ? null : last);
    if (last === point || / |'|_/.test(digits) || digits.endsWith(last)) return joined(digits, last);
    const groups = joined(digits, null);
    if (last === separator) return groups;
    return groups ? null : joined(digits, last);
}

// Reads a number as people write it in that format. What is none, or could be several, is null.
export function decimal(typed, format) {
    const text = typed
        .replace(/[\u2019\u02bc]/g, "'")
        .replace(/\u2212/g, "-")
        .replace(/\p{White_Space}/gu, " ")
        .trim();
    const sign = text.startsWith("-") ? -1n : 1n;
    const read = parts(text.replace(/^-/, ""), format);
    if (read === null) return null;
    const fraction = read[1].replace(/0+$/, "");
    const value = BigInt(read[0] + fraction);
    if (value >= MAX_DIGITS || fraction.length > 18) return null;
    if (value > MAX_MINOR * 10n ** BigInt(fraction.length)) return null;
    return { value: sign * value, scale: fraction.length };
}

// Half away from zero.
function divide(value, divisor) {
    const rest = value % divisor;
    const away = (rest < 0n ? -rest : rest) * 2n >= divisor;
    return value / divisor + (away ? (value < 0n ? -1n : 1n) : 0n);
}

const fits = (value, most) => value <= most && value >= -most;

// Quantity times rate in minor units; null where that is none or too much.
function lineAmount(quantity, rate, exponent) {
    const product = quantity.value * rate.value;
    if (!fits(product, MAX_PRODUCT - 1n)) return null;
    const scale = quantity.scale + rate.scale - exponent;
    const minor = scale > 0 ? divide(product, 10n ** BigInt(scale)) : product * 10n ** BigInt(-scale);
    return fits(minor, MAX_MINOR) ? minor : null;
}

// A number of minor units with its thousands apart.
export function grouped(minor, exponent, format) {
    const [point, separator] = marks(format);
    const digits = (minor < 0n ? -minor : minor).toString().padStart(exponent + 1, "0");
    const end = digits.length - exponent;
    const whole = digits.slice(0, end).replace(/\B(?=(\d{3})+$)/g, separator);
    return (minor < 0n ? "-" : "") + whole + (exponent > 0 ? point + digits.slice(end) : "");
}

// What lines of quantity and rate, as they were typed, add up to, as it is shown.
export function sums(lines, taxRate, exponent, format) {
    let subtotal = 0n;
    let isWhole = true;
    const amounts = lines.map(({ quantity, rate }) => {
        if (rate.trim() === "") return "";
        const [many, price] = [decimal(quantity.trim() || "1", format), decimal(rate, format)];
        const amount = many && price && many.value > 0n ? lineAmount(many, price, exponent) : null;
        if (amount === null) {
            isWhole = false;
            return NOTHING;
        }
        subtotal += amount;
        return grouped(amount, exponent, format);
    });
    const percent = decimal(taxRate.trim() || "0", format);
    const isRate =
        percent &&
        percent.scale <= 4 &&
        percent.value >= 0n &&
        percent.value <= 100n * 10n ** BigInt(percent.scale);
    if (!isWhole || !isRate || subtotal < 0n || subtotal > MAX_MINOR) {
        return { amounts, subtotal: NOTHING, tax: NOTHING, total: NOTHING };
    }
    const tax = divide(subtotal * percent.value * 10n ** BigInt(4 - percent.scale), 1000000n);
    if (subtotal + tax > MAX_MINOR) {
        return { amounts, subtotal: NOTHING, tax: NOTHING, total: NOTHING };
    }
    const shown = (minor) => grouped(minor, exponent, format);
    return { amounts, subtotal: shown(subtotal), tax: shown(tax), total: shown(subtotal + tax) };
}

function edit(form) {
    const list = form.querySelector("#line-list");
    const lines = () => [...list.children];
    const cell = (line, name) => line.querySelector(`[name$=".${name}"]`);
    const blank = line(list.lastElementChild);
    const words = form.dataset.exponents.split(" ");
    const exponents = new Map(
        words.flatMap((word, at) => (at % 2 ? [] : [[word, Number(words[at + 1])]])),
    );

    // An empty line, made of one that may hold something.
    function line(model) {
        const made = model.cloneNode(true);
        made.querySelectorAll("input").forEach((input) => {
            input.setAttribute("value", "");
            input.value = "";
            input.removeAttribute("aria-invalid");
            input.removeAttribute("aria-describedby");
            input.removeAttribute("autofocus");
        });
        made.querySelectorAll(".error, .stored").forEach((error) => error.remove());
        made.querySelectorAll(".wrong").forEach((field) => field.classList.remove("wrong"));
        return made;
    }

    const say = (text) => {
        form.querySelector("[data-said]").textContent = text;
    };

    function update() {
        const currency = form.elements.currency.value;
        const typed = lines().map((row) => ({
            quantity: cell(row, "quantity").value,
            rate: cell(row, "rate").value,
        }));
        const exponent = exponents.get(currency) ?? 2;
        const shown = sums(typed, form.elements.taxRate.value, exponent, form.dataset.numbers);
        lines().forEach((row, at) => {
            row.querySelector("[data-amount]").textContent = shown.amounts[at];
        });
        for (const name of ["subtotal", "tax", "total"]) {
            form.querySelector(`[data-sum="${name}"]`).textContent = shown[name];
        }
        form.querySelector("[data-currency]").textContent = currency;
    }

    // Names, labels and buttons say which line they are of.
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
    }

    function add(after) {
        const made = blank.cloneNode(true);
        if (after) after.after(made);
        else list.append(made);
        renumber();
        cell(made, "description").focus();
        return made;
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
        say(`Line ${number} was removed.`);
    }

    function move(row, by, button) {
        const other = by < 0 ? row.previousElementSibling : row.nextElementSibling;
        if (!other) return;
        if (by < 0) other.before(row);
        else other.after(row);
        renumber();
        // Moving an element takes the focus away.
        button?.focus();
        say(`This is line ${lines().indexOf(row) + 1} now.`);
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
        update();
    });

    // Enter leads to the next line, and from the last one to a new one.
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

    form.addEventListener("input", update);
    form.querySelectorAll("[data-without-script]").forEach((button) => button.remove());
    update();
}

if (globalThis.document) document.querySelectorAll("form[data-invoice]").forEach(edit);
