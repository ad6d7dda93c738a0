//! Refused forms: a summary with links, and the cursor in the first invalid field.

use std::collections::BTreeSet;

use serde_json::json;

use super::{
    browser::{Browser, Page},
    security::scan,
};
use crate::support::{PASSWORD, User, spawn_app};

/// A form, invalid input for it, and the first field with an error.
struct Case {
    page: String,
    action: String,
    typed: Vec<(&'static str, String)>,
    first: &'static str,
}

fn case(page: &str, action: &str, typed: &[(&'static str, &str)], first: &'static str) -> Case {
    let typed = typed.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    Case { page: page.to_owned(), action: action.to_owned(), typed, first }
}

/// The attributes of every tag that has this attribute.
fn tags<'p>(html: &'p str, mark: &'p str) -> impl Iterator<Item = &'p str> {
    let tag = |part: &'p str| part.split('>').next().unwrap();
    html.split('<').skip(1).map(tag).filter(move |tag| tag.contains(mark))
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    Some(rest.split('"').next().unwrap().to_owned())
}

/// Asserts that the page links to every error, with `first` in front.
#[track_caller]
fn leads_to(page: &Page, first: &str) {
    let (html, path) = (&*page.html, &page.path);
    assert!(page.status.is_client_error(), "{path}: {}", page.status);
    let ids: Vec<String> = tags(html, " id=\"").filter_map(|tag| attribute(tag, "id")).collect();
    // Buttons of a dialog take the focus when it opens.
    let focused = tags(html, " autofocus").filter(|tag| !tag.starts_with("button"));
    let focused: Vec<&str> = focused.collect();
    assert_eq!(focused.len(), 1, "{path} puts the cursor into {focused:?}");
    let focused_id = attribute(focused[0], "id").unwrap();
    assert_eq!(focused_id, format!("f-{first}"), "{path}: {}", page.text());
    assert!(focused[0].contains("aria-invalid=\"true\""), "{path}: {}", focused[0]);

    let summary = html.split("<div class=\"notice\" data-tone=\"red\" role=\"alert\">").nth(1);
    let summary = summary.unwrap_or_else(|| panic!("{path} has no summary: {}", page.text()));
    let summary = summary.split("</div>").next().unwrap();
    let links: Vec<String> =
        tags(summary, "href=\"#").filter_map(|tag| attribute(tag, "href")).collect();
    assert_eq!(links.first(), Some(&format!("#f-{first}")), "{path}: {summary}");
    for link in &links {
        let count = ids.iter().filter(|id| **id == link[1..]).count();
        assert_eq!(count, 1, "{path}: {link} leads to {count} fields");
    }
    let wrong: Vec<&str> = tags(html, "aria-invalid=\"true\"").collect();
    assert!(!wrong.is_empty());
    for field in wrong {
        let id = attribute(field, "id").unwrap();
        assert!(links.contains(&format!("#{id}")), "{path}: {id} is not in {links:?}");
        let described = attribute(field, "aria-describedby").unwrap_or_default();
        assert!(described.contains("-error"), "{path}: {field}");
        for by in described.split(' ') {
            assert!(ids.iter().any(|known| known == by), "{path}: {by} describes {id}");
        }
    }
}

/// The actions of all forms of a page that have text input.
fn typed_forms(page: &Page) -> Vec<String> {
    let forms = page.html.split("<form ").skip(1).filter_map(|form| {
        let (head, rest) = form.split_once('>').unwrap();
        let body = rest.split("</form>").next().unwrap();
        let is_typed = |tag: &&str| {
            let is_field = tag.starts_with("input ") || tag.starts_with("textarea ");
            let kind = attribute(tag, "type").unwrap_or_default();
            let is_own =
                [" hidden", " readonly", "tabindex=\"-1\""].iter().any(|m| tag.contains(m));
            is_field && kind != "hidden" && !is_own
        };
        let has_field =
            body.split('<').map(|part| part.split('>').next().unwrap()).any(|t| is_typed(&t));
        let is_post = head.contains("method=\"post\"");
        (is_post && has_field)
            .then(|| attribute(&format!(" {head}"), "action").unwrap_or_else(|| page.path.clone()))
    });
    forms.collect()
}

async fn refuse(
    browser: &Browser<'_>,
    case: &Case,
    seen: &mut (BTreeSet<String>, BTreeSet<String>),
) {
    let page = browser.open(&case.page).await.expect(200);
    seen.0.extend(typed_forms(&page));
    seen.1.insert(case.action.clone());
    let typed: Vec<(&str, &str)> = case.typed.iter().map(|(n, v)| (*n, &**v)).collect();
    leads_to(&browser.send(&page, &case.action, &typed).await, case.first);
}

/// Every form for signed-in users, with invalid input.
async fn cases(user: &User<'_>) -> Vec<Case> {
    let client = user.client("Kamala").await;
    let project = user.project(&client, "Site").await;
    let milestone = user.milestone(&project, "Design").await;
    let proposal = user.proposal(&client, "Offer").await;
    let invoice = user.invoice(&client, json!(100), "2026-04-01").await;
    let sent = user.sent_invoice(&client, json!(100)).await;
    let work = json!({"title": "Shop", "description": "A shop", "technologies": [], "links": []});
    let work = user.hub_post("/freelancer/portfolio", work).await.bare(201)["item"]["id"].clone();
    let work = work.as_str().unwrap();
    let long = "x".repeat(10_001);
    let name = "x".repeat(101);
    let of = |path: &str, id: &str| format!("{path}/{id}/edit");
    let milestone = format!("/projects/{project}/milestones/{milestone}/edit");
    let (project_page, invoice_page) =
        (format!("/projects/{project}"), format!("/invoices/{invoice}"));
    let line = [("items.0.description", "Logo"), ("items.0.rate", "5"), ("items.2.rate", "much")];
    let dated = [
        ("clientId", &*client),
        ("issueDate", "2026-03-18"),
        ("dueDate", "2026-03-18"),
        ("currency", "USD"),
    ];
    let lines = [&dated[..], &line].concat();
    let portfolio = format!("/profile/portfolio/{work}/edit");
    let linked = [
        ("title", "Shop"),
        ("description", "A shop"),
        ("links.0.type", "live"),
        ("links.0.url", "https://a.example"),
        ("links.1.type", "live"),
        ("links.1.url", "no"),
    ];
    let settings = [
        ("businessName", "A"),
        ("paymentTermsDays", "30"),
        ("taxRate", "7,5,0"),
        ("numberPattern", "A-{YYYY}-{NNN}"),
        ("nextNumber", "x"),
    ];
    vec![
        case("/clients/new", "/clients", &[("name", ""), ("email", "k")], "name"),
        case(
            "/clients/new",
            "/clients",
            &[("name", "K"), ("email", "k"), ("phone", &name)],
            "email",
        ),
        case(
            &of("/clients", &client),
            &of("/clients", &client),
            &[("name", "K"), ("email", "k@example.com"), ("country", &name)],
            "country",
        ),
        case(
            "/projects/new",
            "/projects",
            &[
                ("name", "S"),
                ("clientId", &client),
                ("budget", "much"),
                ("currency", "USD"),
                ("status", "planning"),
            ],
            "budget",
        ),
        case(
            &of("/projects", &project),
            &of("/projects", &project),
            &[
                ("name", "S"),
                ("clientId", &client),
                ("budget", "1"),
                ("currency", "USD"),
                ("status", "done"),
            ],
            "status",
        ),
        case(
            &project_page,
            &format!("{project_page}/milestones"),
            &[("name", "M"), ("amount", "")],
            "amount",
        ),
        case(
            &milestone,
            &milestone,
            &[("name", "M"), ("amount", "1"), ("status", "paid"), ("dueDate", "soon")],
            "dueDate",
        ),
        case(
            "/proposals/new",
            "/proposals",
            &[("title", "T"), ("clientId", ""), ("currency", "USD")],
            "clientId",
        ),
        case(
            &of("/proposals", &proposal),
            &of("/proposals", &proposal),
            &[("title", "T"), ("clientId", &client), ("currency", "USD"), ("content", &long)],
            "content",
        ),
        case("/invoices/new", "/invoices", &lines, "items.1.description"),
        case("/invoices/new", "/invoices", &dated, "items.0.description"),
        case(
            &of("/invoices", &invoice),
            &of("/invoices", &invoice),
            &[&dated[..2], &[("dueDate", "soon"), ("currency", "USD")], &line].concat(),
            "dueDate",
        ),
        case(&of("/invoices", &sent), &of("/invoices", &sent), &[("notes", &long)], "notes"),
        case(&invoice_page, &format!("{invoice_page}/send"), &[("email", "k")], "email"),
        case(
            &format!("/invoices/{sent}"),
            &format!("/invoices/{sent}/send"),
            &[("email", "k")],
            "email",
        ),
        case(
            &format!("/invoices/{sent}"),
            &format!("/invoices/{sent}/payments/new"),
            &[("amount", "much"), ("withheld", "more"), ("paidAt", "2026-03-18")],
            "amount",
        ),
        case(
            &format!("/invoices/{sent}/payments/new"),
            &format!("/invoices/{sent}/payments/new"),
            &[("amount", "1"), ("paidAt", "2026-03-19")],
            "paidAt",
        ),
        case(
            &format!("/invoices/{sent}/refunds/new"),
            &format!("/invoices/{sent}/refunds/new"),
            &[("amount", "0"), ("paidAt", "2026-03-18")],
            "amount",
        ),
        case(
            "/profile",
            "/profile",
            &[("hourlyRate.amount", "much"), ("hourlyRate.currency", "USD"), ("phone", "1")],
            "hourlyRate.amount",
        ),
        case("/profile", "/profile", &[("phone", "1")], "phone"),
        case("/profile", "/profile/picture", &[], "image"),
        case("/profile/portfolio/new", "/profile/portfolio", &linked, "links.1.url"),
        case(&portfolio, &portfolio, &linked, "links.1.url"),
        case(&portfolio, &format!("/profile/portfolio/{work}/pictures"), &[], "image"),
        case(
            "/settings",
            "/settings",
            &[("firstName", "A"), ("lastName", ""), ("timezone", "Mars"), ("dateFormat", "iso")],
            "lastName",
        ),
        case("/settings", "/settings/verify-code", &[("otp", "12")], "otp"),
        case("/settings/money", "/settings/money", &[("currency", "XXY")], "currency"),
        case(
            "/settings/money",
            "/settings/money/rates",
            &[("from", "EUR"), ("rate", "much"), ("day", "2026-03-18")],
            "rate",
        ),
        case("/settings/invoices", "/settings/invoices", &settings, "taxRate"),
        case("/settings/invoices", "/settings/invoices/logo", &[], "image"),
        case(
            "/settings/security",
            "/settings/security/password",
            &[("currentPassword", PASSWORD), ("newPassword", "short")],
            "newPassword",
        ),
        case("/settings/security", "/settings/security/passkeys", &[("name", "")], "name"),
        case(
            "/settings/data/delete",
            "/settings/data/delete",
            &[("email", "b@example.com"), ("password", PASSWORD)],
            "email",
        ),
    ]
}

#[tokio::test]
async fn a_refused_form_leads_to_the_first_invalid_field() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    user.hub_put("/freelancer/profile", json!({"username": "ada"})).await;
    let browser = Browser::of(&user);
    let mut seen = Default::default();
    for case in cases(&user).await {
        refuse(&browser, &case, &mut seen).await;
    }
    two_factor(&user, &mut seen).await;
    let (found, tested) = seen;
    let left: Vec<_> = found.difference(&tested).collect();
    assert!(left.is_empty(), "nobody has tried {left:?}");
}

/// The forms that exist only while the second factor is being set up, requested, or on.
async fn two_factor(user: &User<'_>, seen: &mut (BTreeSet<String>, BTreeSet<String>)) {
    let (browser, path) = (Browser::of(user), "/settings/security/two-factor");
    let confirm = format!("{path}/confirm");
    let page = browser.open("/settings/security").await;
    let setup = browser.send(&page, path, &[]).await.expect(200);
    leads_to(&browser.send(&setup, &confirm, &[("totpCode", "12")]).await, "totpCode");
    let code = scan(&setup).code("2026-03-18T12:00:00Z".parse().unwrap(), 0);
    browser.send(&setup, &confirm, &[("totpCode", &code)]).await.expect(200);
    let off = "/settings/security/two-factor/disable";
    let typed = [("password", PASSWORD), ("totpCode", "")];
    refuse(&browser, &case("/settings/security", off, &typed, "totpCode"), seen).await;

    let other = Browser::new(user.app);
    let page = other.open("/login").await;
    let typed = [("email", "a@example.com"), ("password", PASSWORD)];
    let step = other.send(&page, "/login", &typed).await.expect(200);
    leads_to(&other.send(&step, "/login", &[("totpCode", "12")]).await, "totpCode");
}

#[tokio::test]
async fn public_forms_lead_there_too() {
    let app = spawn_app().await;
    let browser = Browser::new(&app);
    let mut seen = Default::default();
    let person = [
        ("name", "Ama Owusu"),
        ("email", "ama"),
        ("password", PASSWORD),
        ("currency", "GHS"),
        ("timezone", "Africa/Accra"),
        ("dateFormat", "iso"),
    ];
    refuse(&browser, &case("/welcome", "/welcome", &person, "email"), &mut seen).await;
    let user = app.register("a@example.com").await;
    user.hub_put("/freelancer/profile", json!({"username": "ada"})).await;
    let client = user.client("Kamala").await;
    let proposal = user.proposal(&client, "Offer").await;
    let answer = user.post(&format!("/proposals/{proposal}/send"), json!({})).await;
    let link = answer.data(200)["publicLink"].as_str().unwrap();
    let link = &link[link.find("/p/").unwrap()..];
    let mut weak = person;
    (weak[1].1, weak[2].1) = ("ama@example.com", "short");
    for case in [
        case("/login", "/login", &[("email", "a@example.com"), ("password", "")], "password"),
        case("/register", "/register", &weak, "password"),
        case("/forgot", "/forgot", &[("email", "a")], "email"),
        case(
            "/reset",
            "/reset",
            &[("email", "a@example.com"), ("otp", "12"), ("newPassword", "x")],
            "otp",
        ),
        case(
            "/u/ada",
            "/u/ada/messages#write",
            &[("name", "N"), ("email", "n@example.com"), ("message", "")],
            "message",
        ),
        case(link, link, &[("name", ""), ("answer", "accept")], "name"),
    ] {
        refuse(&browser, &case, &mut seen).await;
    }
    let (found, tested) = seen;
    assert_eq!(found, tested);
}

#[tokio::test]
async fn a_form_with_a_general_error_has_the_cursor_at_its_start() {
    let app = spawn_app().await;
    app.register("a@example.com").await;
    let browser = Browser::new(&app);
    let page = browser.open("/login").await;
    assert_eq!(tags(&page.html, " autofocus").count(), 1);
    let typed = [("email", "a@example.com"), ("password", "wrong")];
    let again = browser.send(&page, "/login", &typed).await.expect(401);
    let focused: Vec<&str> = tags(&again.html, " autofocus").collect();
    assert_eq!(focused.len(), 1, "{focused:?}");
    assert_eq!(attribute(focused[0], "id").as_deref(), Some("f-email"));
}
