// Passkeys: requests options from the server, calls the browser, and sends the answer with the form
// as if it had been typed.

const decode = (text) => {
    const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
};

const encode = (buffer) => {
    const plain = String.fromCharCode(...new Uint8Array(buffer));
    return btoa(plain).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
};

const keys = (list) => (list ?? []).map((key) => ({ ...key, id: decode(key.id) }));

const ceremonies = {
    async create(options) {
        const made = await navigator.credentials.create({
            publicKey: {
                ...options,
                challenge: decode(options.challenge),
                user: { ...options.user, id: decode(options.user.id) },
                excludeCredentials: keys(options.excludeCredentials),
            },
        });
        return { made, parts: ["clientDataJSON", "attestationObject"] };
    },
    async get(options) {
        const made = await navigator.credentials.get({
            publicKey: {
                ...options,
                challenge: decode(options.challenge),
                allowCredentials: keys(options.allowCredentials),
            },
        });
        return { made, parts: ["clientDataJSON", "authenticatorData", "signature", "userHandle"] };
    },
};

// The result of the credential's toJSON(), which not every browser has.
const written = ({ made, parts }) => {
    const given = parts.filter((part) => made.response[part]);
    const response = Object.fromEntries(given.map((part) => [part, encode(made.response[part])]));
    return JSON.stringify({ id: made.id, rawId: encode(made.rawId), type: made.type, response });
};

// The texts of the form that explain why the browser creates no passkey.
const reasons = {
    InvalidStateError: "sayExists",
    NotAllowedError: "sayCancelled",
    SecurityError: "sayElsewhere",
};

const begin = (form) => {
    const said = form.querySelector("[data-said]");
    const tell = (text) => {
        said.textContent = text;
        said.hidden = !text;
    };
    form.addEventListener("submit", async (event) => {
        if (form.answer.value) return;
        event.preventDefault();
        // Validate first: a passkey whose form is refused would be left on the device.
        if (!form.reportValidity()) return;
        const email = document.querySelector("#f-email");
        if (form.identifier) {
            form.identifier.value = email.value.trim();
            if (!form.identifier.value) {
                tell(form.dataset.sayEmail);
                email.focus();
                return;
            }
        }
        if (form.dataset.busy) return;
        form.dataset.busy = "yes";
        tell("");
        try {
            const asked = new URLSearchParams(new FormData(form));
            asked.delete("kept");
            const answer = await fetch(form.dataset.options, { method: "POST", body: asked });
            const is_json = (answer.headers.get("content-type") ?? "").includes("json");
            const options = is_json ? await answer.json() : {};
            if (!answer.ok || !is_json) {
                const why = answer.status === 429 ? form.dataset.sayOften : form.dataset.sayReopen;
                throw new Error(options.error || why);
            }
            const done = await ceremonies[form.dataset.passkey](options);
            form.challenge.value = options.challenge;
            form.answer.value = written(done);
            form.requestSubmit();
        } catch (error) {
            tell(form.dataset[reasons[error.name]] ?? error.message);
        } finally {
            delete form.dataset.busy;
        }
    });
    // The page may come back from the browser's cache with an earlier answer.
    addEventListener("pageshow", () => {
        form.answer.value = "";
    });
};

if (window.PublicKeyCredential && window.isSecureContext) {
    document.querySelectorAll("form[data-passkey]").forEach(begin);
} else {
    document.querySelectorAll("form[data-passkey]").forEach((form) => {
        form.hidden = true;
    });
    document.querySelectorAll("[data-passkey-missing]").forEach((hint) => {
        hint.hidden = false;
        const { sayUnsupported, sayInsecure } = hint.dataset;
        const why = window.isSecureContext ? sayUnsupported : sayInsecure;
        hint.textContent = why.replace("#", location.origin);
    });
}
