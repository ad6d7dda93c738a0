//! Questions that are asked in a menu, and links that are pointed at.

use serde_json::{Value, json};
use tokio::time::{Duration, sleep};

use crate::{
    browser::Browser,
    person::{Hand, Person},
    story::{add_a_client, begin, make_the_account},
};

const ESCAPE: &str = "\u{e00c}";

/// What has the focus, by its label or its text, and how many menus and questions are open.
async fn place(browser: &Browser) -> Value {
    // A closed question gives the focus back after it has gone.
    sleep(Duration::from_millis(100)).await;
    let script = "const { activeElement } = document;
        return [activeElement.ariaLabel ?? activeElement.textContent,
            document.querySelectorAll(':popover-open').length]";
    browser.run(script, json!([])).await
}

#[tokio::test]
async fn who_cancels_a_question_is_back_where_it_was_asked() {
    let (server, url, _place) = begin();
    let ada = Person::new(&url, Hand::Keyboard).await;
    make_the_account(&ada).await;
    add_a_client(&ada).await;
    for how in ["Cancel", ESCAPE] {
        ada.touch("More").await;
        ada.touch("Delete…").await;
        ada.sees("Delete Kamala?").await;
        assert_eq!(place(&ada.browser).await, json!(["Cancel", 2]));
        if how == ESCAPE {
            ada.browser.keys(ESCAPE).await
        } else {
            ada.touch(how).await
        }
        assert_eq!(place(&ada.browser).await, json!(["More", 0]), "{how}");
    }
    server.stop();
}

/// Points at a link of the side bar and, after a while, opens it.
async fn point_and_open(ada: &Person, path: &str, meanwhile: &str) -> Value {
    let script = "return document.querySelector(`.nav__link[href=\"${args[0]}\"]`)";
    let link = ada.browser.run(script, json!([path])).await;
    ada.browser.point(&link).await;
    sleep(Duration::from_millis(1500)).await;
    ada.browser.run(meanwhile, json!([])).await;
    ada.browser.click(&link).await;
    let script = "const [{ deliveryType }] = performance.getEntriesByType('navigation');
        return [location.pathname, deliveryType, document.documentElement.dataset.theme ?? null]";
    ada.browser.run(script, json!([])).await
}

#[tokio::test]
async fn a_page_is_fetched_while_its_link_is_pointed_at_and_again_after_a_change() {
    let (server, url, _place) = begin();
    let ada = Person::new(&url, Hand::Mouse).await;
    make_the_account(&ada).await;
    let ahead = "navigational-prefetch";
    let found = point_and_open(&ada, "/invoices", "").await;
    assert_eq!(found, json!(["/invoices", ahead, null]));
    let change = "const form = document.querySelector('form[action=\"/theme\"]');
        const fields = new FormData(form);
        fields.set('theme', 'dark');
        await fetch('/theme', { method: 'POST', body: new URLSearchParams(fields) })";
    let found = point_and_open(&ada, "/clients", change).await;
    assert_eq!((&found[0], &found[2]), (&json!("/clients"), &json!("dark")));
    server.stop();
}
