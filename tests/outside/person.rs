//! A person in front of a browser, who finds everything on a page by its text, and uses the mouse
//! or only the keyboard.

use std::{cell::Cell, time::Instant};

use serde_json::{Value, json};
use tokio::time::{Duration, sleep};

use crate::{browser::Browser, program::PATIENCE};

/// The input device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hand {
    Mouse,
    Keyboard,
}

/// Pause between two checks of a page that is still loading.
const BLINK: Duration = Duration::from_millis(40);
/// Maximum Tab presses to reach anything on a page.
const TABS_MAX: usize = 150;

const TAB: &str = "\u{e004}";
const ENTER: &str = "\u{e007}";

/// Finds what a reader calls by these words: a link, button or dialog by its text, a field by its
/// label. `args`: the kind and the words.
const FIND: &str = r#"
    const [kind, words] = args;
    const read = (element) => {
        const copy = element.cloneNode(true);
        copy.querySelectorAll('[aria-hidden=true]').forEach((part) => part.remove());
        return copy.textContent.replace(/\s+/g, ' ').trim();
    };
    const isShown = (element) => element.checkVisibility({ visibilityProperty: true })
        && !element.disabled;
    if (kind === 'control') {
        // An open dialog covers the page.
        const dialog = document.querySelector('.dialog:popover-open') || document;
        const controls = 'a[href], button, summary, [role=option]';
        const all = [...dialog.querySelectorAll(controls)].filter(isShown);
        const name = (element) => element.getAttribute('aria-label') || read(element);
        return all.find((element) => name(element) === words) || null;
    }
    const label = [...document.querySelectorAll('label')].filter(isShown).find((label) => {
        const optional = label.querySelector('.quiet');
        const name = read(label);
        return (optional ? name.slice(0, -read(optional).length).trim() : name) === words;
    });
    if (label) return label.control;
    const named = [...document.querySelectorAll('input[aria-label], textarea[aria-label]')];
    return named.filter(isShown).find((field) => field.ariaLabel === words) || null;
"#;

pub struct Person {
    pub browser: Browser,
    hand: Hand,
    base: String,
    /// What has been pressed and chosen so far, and the texts that were typed.
    pub clicks: Cell<usize>,
    pub texts: Cell<usize>,
}

impl Person {
    /// A person who has just opened a browser.
    pub async fn new(base: &str, hand: Hand) -> Self {
        let (browser, base) = (Browser::open().await, base.to_owned());
        Self { browser, hand, base, clicks: Cell::default(), texts: Cell::default() }
    }

    /// Opens a given address.
    pub async fn go(&self, path: &str) {
        let url = if path.starts_with('/') { format!("{}{path}", self.base) } else { path.into() };
        self.browser.go(&url).await;
    }

    /// Presses a link or button that leads to another page.
    pub async fn press(&self, words: &str) {
        // This mark disappears with the current page.
        self.browser.run("document.documentElement.dataset.left = 'yes'", json!([])).await;
        self.touch(words).await;
        let has_come = "return !document.documentElement.dataset.left
            && document.readyState === 'complete'";
        self.wait(has_come, json!([]), &format!("{words:?} leads nowhere")).await;
    }

    /// Presses a button, or opens a dialog, that stays on the page.
    pub async fn touch(&self, words: &str) {
        let control = self.find("control", words).await;
        self.clicks.set(self.clicks.get() + 1);
        match self.hand {
            Hand::Mouse => self.browser.click(&control).await,
            Hand::Keyboard => {
                self.reach(&control, words).await;
                self.browser.keys(ENTER).await;
            }
        }
    }

    /// Types into a field, replacing its value.
    pub async fn fill(&self, label: &str, text: &str) {
        let field = self.focus(label).await;
        self.texts.set(self.texts.get() + 1);
        let is_date = self.browser.run("return args[0].type === 'date'", json!([field])).await;
        if is_date == true {
            // The parts of a date in the order of English: month, day, year.
            let (year, rest) = text.split_once('-').unwrap();
            self.browser.type_into(&field, &format!("{}{year}", rest.replace('-', ""))).await;
        } else {
            self.browser.run("args[0].select()", json!([field])).await;
            self.browser.type_into(&field, text).await;
        }
    }

    /// Chooses the entry of a list that starts with these words.
    pub async fn choose(&self, label: &str, entry: &str) {
        let field = self.focus(label).await;
        self.clicks.set(self.clicks.get() + 1);
        let is_found = self.browser.run("return args[0].role === 'combobox'", json!([field])).await;
        if is_found == true {
            return self.choose_found(&field, entry).await;
        }
        match self.hand {
            Hand::Mouse => {
                let script = "return [...args[0].options]
                    .find((option) => option.text.trim().startsWith(args[1])) || null";
                let option = self.browser.run(script, json!([field, entry])).await;
                assert!(option.is_object(), "{label:?} has no {entry:?}");
                self.browser.click(&option).await;
            }
            Hand::Keyboard => self.browser.type_into(&field, entry).await,
        }
        let chosen = "return args[0].selectedOptions[0].text.trim()";
        let chosen = self.browser.run(chosen, json!([field])).await;
        assert!(chosen.as_str().unwrap().starts_with(entry), "{label:?} is {chosen}");
    }

    /// Chooses the first entry found for these words, with which it starts.
    async fn choose_found(&self, field: &Value, entry: &str) {
        self.browser.run("args[0].select()", json!([field])).await;
        self.browser.type_into(field, entry).await;
        let script = "const list = document.getElementById(args[0].getAttribute('aria-controls'));
            const isAnswer = !list.hidden && list.lastElementChild.textContent.includes(args[1]);
            const first = isAnswer ? list.firstElementChild : null;
            return first?.textContent.trim().startsWith(args[1]) ? first : null";
        let missing = format!("nothing is found by {entry:?}");
        let first = self.wait(script, json!([field, entry]), &missing).await;
        match self.hand {
            Hand::Mouse => self.browser.click(&first).await,
            Hand::Keyboard => self.browser.keys(ENTER).await,
        }
        let chosen = self.browser.run("return args[0].value", json!([field])).await;
        assert!(chosen.as_str().unwrap().starts_with(entry), "{chosen}");
    }

    /// Ticks a box.
    pub async fn tick(&self, label: &str) {
        let field = self.focus(label).await;
        self.clicks.set(self.clicks.get() + 1);
        if self.hand == Hand::Keyboard {
            self.browser.type_into(&field, " ").await;
        }
        assert_eq!(self.browser.run("return args[0].checked", json!([field])).await, true);
    }

    /// Waits until the frame of the page shows this text.
    pub async fn sees_in_frame(&self, text: &str) {
        let begun = Instant::now();
        while !self.browser.frame_text().await.contains(text) {
            assert!(begun.elapsed() < PATIENCE / 4, "the frame does not say {text:?}");
            sleep(BLINK).await;
        }
    }

    /// Waits until the page shows this text.
    pub async fn sees(&self, text: &str) {
        let script = "return document.body.innerText.replace(/\\s+/g, ' ').includes(args[0])";
        self.wait(script, json!([text]), &format!("the page does not say {text:?}")).await;
    }

    /// The value of a field.
    pub async fn value(&self, label: &str) -> String {
        let field = self.find("field", label).await;
        let value = self.browser.run("return args[0].value", json!([field])).await;
        value.as_str().unwrap().to_owned()
    }

    /// The address of the page without the host.
    pub async fn path(&self) -> String {
        let path = self.browser.run("return location.pathname", json!([])).await;
        path.as_str().unwrap().to_owned()
    }

    /// Fails if anything on the pages so far was missing, forbidden or failed. Pages report invalid
    /// input themselves.
    pub async fn has_no_complaints(&self) {
        let mut complaints = self.browser.complaints().await;
        complaints.retain(|complaint| !complaint.contains("a status of 400"));
        assert!(complaints.is_empty(), "{complaints:#?}");
    }

    async fn focus(&self, label: &str) -> Value {
        let field = self.find("field", label).await;
        match self.hand {
            Hand::Mouse => self.browser.click(&field).await,
            Hand::Keyboard => self.reach(&field, label).await,
        }
        field
    }

    async fn find(&self, kind: &str, words: &str) -> Value {
        let missing = format!("there is no {kind} {words:?}");
        self.wait(FIND, json!([kind, words]), &missing).await
    }

    /// Presses Tab until the element has the focus, which must be visible.
    async fn reach(&self, element: &Value, words: &str) {
        let is_there = "return document.activeElement === args[0]";
        for _ in 0..TABS_MAX {
            if self.browser.run(is_there, json!([element])).await == true {
                let is_seen = "const style = getComputedStyle(args[0]);
                    return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0";
                let is_seen = self.browser.run(is_seen, json!([element])).await;
                assert_eq!(is_seen, true, "nobody sees that {words:?} has the focus");
                return;
            }
            self.browser.keys(TAB).await;
        }
        panic!("the keyboard does not reach {words:?} on {}", self.path().await);
    }

    /// Runs a script until it returns something.
    async fn wait(&self, script: &str, arguments: Value, missing: &str) -> Value {
        let begun = Instant::now();
        loop {
            let found = self.browser.try_run(script, arguments.clone()).await;
            match found {
                Some(found) if !found.is_null() && found != false => return found,
                _ if begun.elapsed() < PATIENCE / 4 => sleep(BLINK).await,
                _ => {
                    let page = "return location.pathname + ': ' + document.body.innerText";
                    panic!("{missing}: {}", self.browser.run(page, json!([])).await);
                }
            }
        }
    }
}
