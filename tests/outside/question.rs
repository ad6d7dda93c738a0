//! Questions that are asked in a menu.

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
