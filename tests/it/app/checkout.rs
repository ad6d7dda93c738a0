//! Online payments: checkouts at stand-ins for the payment providers, webhooks, and jobs.

use freelanceos::domain::{
    id::InvoiceId,
    job::JobKind,
    provider::ProviderKind::{self, Flutterwave, Paystack, Stripe},
};
use futures_util::future::join_all;
use jiff::SignedDuration;
use reqwest::{Method, header::LOCATION};
use serde_json::{Value, json};

use crate::{
    database::server_url,
    support::{
        Options, PUBLIC_URL, TestApp, User, content,
        provider::{
            self, Mood, SECRETS, STRIPE_KEY, STRIPE_SECRET, StandIns, report, stripe_signature,
        },
        spawn_app_with,
    },
    web::browser::{Browser, Page},
};

async fn spawn(stand_ins: &StandIns) -> TestApp {
    spawn_app_with(Options { providers: Some(stand_ins.urls()), ..Options::default() }).await
}

/// A sent invoice in a currency, and the path of its public page.
async fn sent(user: &User<'_>, amount: Value, currency: &str) -> (String, String) {
    let client = user.client("Nimal Perera").await;
    let body = json!({
        "clientId": client, "amount": amount, "currency": currency, "dueDate": "2026-04-15",
    });
    let id = user.post("/invoices", body).await.data(201)["id"].as_str().unwrap().to_owned();
    user.post(&format!("/invoices/{id}/send"), json!({})).await.data(200);
    let link = user.app.app.invoice_link(user.claims(), InvoiceId::parse(&id)).await;
    let link = link.unwrap().unwrap();
    (id, link.strip_prefix(PUBLIC_URL).unwrap().to_owned())
}

/// Follows the Pay button, and returns where it leads.
async fn press(app: &TestApp, link: &str, kind: ProviderKind) -> Page {
    let path = format!("{link}/pay?with={}", kind.as_str());
    Browser::new(app).once(&Method::GET, &path, &[]).await
}

/// Starts a payment, and returns the reference of the checkout.
async fn begin(app: &TestApp, stand_ins: &StandIns, link: &str, kind: ProviderKind) -> String {
    let before = stand_ins.references();
    let page = press(app, link, kind).await;
    assert_eq!(page.status, 303, "{}", page.html);
    let mut new = stand_ins.references();
    new.retain(|reference| !before.contains(reference));
    let [reference] = &new[..] else { panic!("{new:?}") };
    let address = page.headers[LOCATION].to_str().unwrap();
    assert_eq!(address, format!("https://checkout.{}.example/{reference}", kind.as_str()));
    reference.clone()
}

async fn report_payment(app: &TestApp, hook: &str, kind: ProviderKind, reference: &str) -> u16 {
    let answer = app.send(app.webhook(hook, kind, reference)).await;
    answer.status.as_u16()
}

/// Runs the jobs that are due.
async fn work(app: &TestApp) {
    app.app.run_due(JobKind::Checkout).await.unwrap();
}

async fn payments(user: &User<'_>, invoice: &str) -> Vec<Value> {
    let listed = user.get(&format!("/invoices/{invoice}/payments")).await;
    listed.data(200).as_array().unwrap().clone()
}

async fn status(user: &User<'_>, invoice: &str) -> String {
    user.get(&format!("/invoices/{invoice}")).await.data(200)["status"].as_str().unwrap().to_owned()
}

async fn held(user: &User<'_>) -> Vec<Value> {
    user.get("/held-payments").await.data(200).as_array().unwrap().clone()
}

#[tokio::test]
async fn a_client_pays_through_each_provider_and_it_is_booked_once_with_its_fee() {
    let stand_ins = StandIns::spawn().await;
    let app = spawn(&stand_ins).await;
    let user = app.register("ada@example.com").await;
    for (kind, amount, currency, sent_amount, method, fee, fee_currency, reference) in [
        (Paystack, "5000.5", "NGN", json!(500_050), "card", "15", "NGN", None),
        // Paystack uses hundredths even for a currency without decimals.
        (Paystack, "12500", "XOF", json!(1_250_000), "card", "15", "XOF", None),
        (
            Flutterwave,
            "99.5",
            "GHS",
            json!("99.5"),
            "mobile_money",
            "14.5",
            "GHS",
            Some("FLW-MOCK-7519184"),
        ),
        (
            Stripe,
            "99.5",
            "USD",
            json!("9950"),
            "card",
            "0.59",
            "EUR",
            Some("pi_3MtwBwLkdIwHu7ix28a3tqPa"),
        ),
        (
            Stripe,
            "1250",
            "XOF",
            json!("1250"),
            "card",
            "0.59",
            "EUR",
            Some("pi_3MtwBwLkdIwHu7ix28a3tqPa"),
        ),
        (
            Stripe,
            "5.12",
            "KWD",
            json!("5120"),
            "card",
            "0.59",
            "EUR",
            Some("pi_3MtwBwLkdIwHu7ix28a3tqPa"),
        ),
    ] {
        let case = format!("{kind:?} {currency}");
        let hook = user.connect(kind).await;
        let (invoice, link) = sent(&user, serde_json::from_str(amount).unwrap(), currency).await;
        let ours = begin(&app, &stand_ins, &link, kind).await;
        let opened = stand_ins.opened(&ours);
        let given = match kind {
            Stripe => &opened.sent["line_items[0][price_data][unit_amount]"],
            _ => &opened.sent["amount"],
        };
        assert_eq!(given.to_string(), sent_amount.to_string(), "{case}");
        assert!(opened.sent.to_string().contains("INV-2026-"), "{case}: {}", opened.sent);
        assert!(opened.sent.to_string().contains(&format!("{PUBLIC_URL}{link}")), "{case}");

        stand_ins.pay(&ours);
        assert_eq!(report_payment(&app, &hook, kind, &ours).await, 200, "{case}");
        work(&app).await;
        assert_eq!(status(&user, &invoice).await, "paid", "{case}");
        let booked = payments(&user, &invoice).await;
        let [payment] = &booked[..] else { panic!("{case}: {booked:?}") };
        assert_eq!(payment["amount"].to_string(), amount, "{case}");
        assert_eq!(payment["currency"], currency, "{case}");
        assert_eq!(payment["method"], method, "{case}");
        assert_eq!(payment["reference"], *reference.unwrap_or(&ours), "{case}");
        assert_eq!(payment["fee"].to_string(), fee, "{case}");
        assert_eq!(payment["feeCurrency"], fee_currency, "{case}");

        // Repeating it changes nothing, and no provider is asked.
        let asked = stand_ins.asked();
        assert_eq!(report_payment(&app, &hook, kind, &ours).await, 200, "{case}");
        work(&app).await;
        assert_eq!(payments(&user, &invoice).await, booked, "{case}");
        assert_eq!(stand_ins.asked(), asked, "{case}");

        // An undone payment stays undone.
        let id = payment["id"].as_str().unwrap();
        user.delete(&format!("/payments/{id}")).await.data(200);
        assert_eq!(report_payment(&app, &hook, kind, &ours).await, 200, "{case}");
        work(&app).await;
        assert_eq!(payments(&user, &invoice).await.len(), 2, "{case}");
        assert_eq!(status(&user, &invoice).await, "sent", "{case}");
        user.put("/settings", json!({"providers": {kind.as_str(): null}})).await.data(200);
    }
    let log = user.get("/dashboard/activity?limit=50").await;
    let received: Vec<_> = (log.data(200).as_array().unwrap().iter())
        .filter(|entry| entry["type"] == "payment_received")
        .collect();
    assert_eq!(received.len(), 6);
    assert_eq!(received[5]["amount"].to_string(), "5000.5");
    assert!(received[5]["message"].as_str().unwrap().contains("from Nimal Perera"));
}

#[tokio::test]
async fn a_webhook_with_a_wrong_signature_changes_nothing() {
    let stand_ins = StandIns::spawn().await;
    let app = spawn(&stand_ins).await;
    let user = app.register("ada@example.com").await;
    for (kind, currency) in [(Paystack, "NGN"), (Flutterwave, "NGN"), (Stripe, "USD")] {
        let hook = user.connect(kind).await;
        let (invoice, link) = sent(&user, json!(100), currency).await;
        let reference = begin(&app, &stand_ins, &link, kind).await;
        stand_ins.pay(&reference);
        let body = report(kind, &reference);
        let post = || app.http.post(format!("{}{hook}", app.base)).body(body.clone());
        let header = freelanceos::provider::signature_header(kind);
        let now = app.app.now().as_second();
        let wrong = [
            String::new(),
            "0".repeat(128),
            "no signature".to_owned(),
            stripe_signature("whsec_of_another", now, &body),
            // Too old, and too far ahead.
            stripe_signature(STRIPE_SECRET, now - 301, &body),
            stripe_signature(STRIPE_SECRET, now + 301, &body),
            // Signed for another body.
            stripe_signature(STRIPE_SECRET, now, "{}"),
        ];
        let mut requests = vec![post()];
        requests.extend(wrong.iter().map(|wrong| post().header(header, wrong)));
        for request in requests {
            let answer = app.send(request).await;
            assert_eq!(
                answer.error(401),
                "The webhook signature is missing or invalid",
                "{kind:?}"
            );
        }
        let asked = stand_ins.asked();
        work(&app).await;
        assert_eq!(stand_ins.asked(), asked, "{kind:?}");
        assert_eq!(payments(&user, &invoice).await, Vec::<Value>::new(), "{kind:?}");

        // An unknown address, and the address of another provider.
        let foreign = hook.replace(kind.as_str(), "paypal");
        let unknown = format!("/hooks/{}/AAAAAAAAAAAAAAAAAAAAAAAA", kind.as_str());
        for hook in [foreign, unknown] {
            assert_eq!(report_payment(&app, &hook, kind, &reference).await, 404, "{hook}");
        }
        // Still fresh enough.
        if kind == Stripe {
            let signature = stripe_signature(STRIPE_SECRET, now - 299, &body);
            assert_eq!(app.send(post().header(header, signature)).await.status, 200);
        }
    }
}

#[tokio::test]
async fn without_their_secret_webhooks_are_refused_and_payments_found_by_asking() {
    let stand_ins = StandIns::spawn().await;
    let app = spawn(&stand_ins).await;
    let user = app.register("ada@example.com").await;
    let keys = json!({"providers": {"stripe": {"secretKey": STRIPE_KEY}}});
    let settings = user.put("/settings", keys).await;
    let stripe = &settings.data(200)["providers"]["stripe"];
    assert_eq!(stripe["checksWebhooks"], false);
    let hook = stripe["webhookUrl"].as_str().unwrap().strip_prefix(PUBLIC_URL).unwrap();
    let (invoice, link) = sent(&user, json!(100), "USD").await;
    let reference = begin(&app, &stand_ins, &link, Stripe).await;
    stand_ins.pay(&reference);
    assert_eq!(report_payment(&app, hook, Stripe, &reference).await, 401);
    app.clock.advance(SignedDuration::from_mins(1));
    work(&app).await;
    assert_eq!(status(&user, &invoice).await, "paid");
}

#[tokio::test]
async fn a_payment_that_is_not_as_agreed_is_held_for_its_owner() {
    let stand_ins = StandIns::spawn().await;
    let app = spawn(&stand_ins).await;
    let user = app.register("ada@example.com").await;
    let hook = user.connect(Paystack).await;
    for (amount, currency, paid_before, is_voided, reason, booked) in [
        (json!(9_900), "NGN", false, false, "amount", Some("99")),
        (json!(10_100), "NGN", false, false, "amount", Some("101")),
        (json!(10_000), "GHS", false, false, "currency", None),
        (json!(10_000), "NGN", true, false, "exceeds_due", Some("100")),
        (json!(10_000), "NGN", false, true, "not_payable", None),
    ] {
        let case = format!("{amount} {currency} {reason}");
        let (invoice, link) = sent(&user, json!(100), "NGN").await;
        let reference = begin(&app, &stand_ins, &link, Paystack).await;
        if paid_before {
            let body = json!({"amount": 60});
            user.post(&format!("/invoices/{invoice}/payments"), body).await.data(201);
        }
        if is_voided {
            let body = json!({"reason": "Mistake"});
            user.post(&format!("/invoices/{invoice}/void"), body).await.data(201);
        }
        let before = payments(&user, &invoice).await;
        stand_ins.pay_as(&reference, amount.clone(), currency);
        assert_eq!(report_payment(&app, &hook, Paystack, &reference).await, 200, "{case}");
        work(&app).await;
        assert_eq!(payments(&user, &invoice).await, before, "{case}");
        let waiting = held(&user).await;
        let [payment] = &waiting[..] else { panic!("{case}: {waiting:?}") };
        assert_eq!(payment["reason"], reason, "{case}");
        assert_eq!(payment["invoiceId"], invoice, "{case}");
        assert_eq!(payment["currency"], currency, "{case}");
        assert_eq!(payment["askedAmount"].to_string(), "100", "{case}");
        // The webhook arrives again.
        assert_eq!(report_payment(&app, &hook, Paystack, &reference).await, 200, "{case}");
        work(&app).await;
        assert_eq!(held(&user).await, waiting, "{case}");

        // The owner sees it on Home, among the payments and on the invoice.
        let browser = Browser::of(&user);
        for path in ["/", "/payments", &format!("/invoices/{invoice}")] {
            let page = browser.open(path).await;
            assert!(page.html.contains("Paystack"), "{case}: {path}");
            assert!(page.html.contains(payment["id"].as_str().unwrap()), "{case}: {path}");
        }
        let id = payment["id"].as_str().unwrap();
        let book = format!("/held-payments/{id}/book");
        match booked {
            Some(sum) => {
                let made = user.post(&book, json!({})).await;
                assert_eq!(made.data(201)["amount"].to_string(), sum, "{case}");
                assert_eq!(payments(&user, &invoice).await.len(), before.len() + 1, "{case}");
                user.post(&book, json!({})).await.error(409);
            }
            None => {
                user.post(&book, json!({})).await.error(409);
                assert_eq!(held(&user).await, waiting, "{case}");
                let page = browser.open(&format!("/invoices/{invoice}")).await;
                let path = format!("/held-payments/{id}/dismiss");
                let page = browser.send(&page, &path, &[]).await;
                assert_eq!(
                    (page.status.as_u16(), &*page.path),
                    (200, &*format!("/invoices/{invoice}"))
                );
                assert_eq!(payments(&user, &invoice).await, before, "{case}");
            }
        }
        assert_eq!(held(&user).await, Vec::<Value>::new(), "{case}");
        user.delete(&format!("/held-payments/{id}")).await.error(409);
    }
}

#[tokio::test]
async fn a_webhook_of_one_account_never_touches_the_invoices_of_another() {
    let stand_ins = StandIns::spawn().await;
    let app = spawn(&stand_ins).await;
    let (ada, obi) = (app.register("ada@example.com").await, app.register("obi@example.com").await);
    ada.connect(Paystack).await;
    let foreign = obi.connect(Paystack).await;
    let (invoice, link) = sent(&ada, json!(100), "NGN").await;
    let reference = begin(&app, &stand_ins, &link, Paystack).await;
    stand_ins.pay(&reference);
    assert_eq!(report_payment(&app, &foreign, Paystack, &reference).await, 200);
    // A payment of another program that uses the same provider account.
    assert_eq!(report_payment(&app, &foreign, Paystack, "order-1").await, 200);
    work(&app).await;
    assert_eq!(payments(&ada, &invoice).await, Vec::<Value>::new());
    assert_eq!(held(&ada).await, Vec::<Value>::new());
    assert_eq!(held(&obi).await, Vec::<Value>::new());
    // Returning to another invoice shows nothing either.
    let (_, other) = sent(&obi, json!(100), "NGN").await;
    let page = Browser::new(&app).open(&format!("{other}?paid={reference}")).await;
    assert!(!page.html.contains("Payment received"));
    assert_eq!(payments(&ada, &invoice).await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_thousand_webhooks_at_once_book_one_payment() {
    let stand_ins = StandIns::spawn().await;
    let app = spawn(&stand_ins).await;
    let user = app.register("ada@example.com").await;
    let hook = user.connect(Paystack).await;
    let (invoice, link) = sent(&user, json!(100), "NGN").await;
    let reference = begin(&app, &stand_ins, &link, Paystack).await;
    stand_ins.pay(&reference);
    let all = (0..1000).map(|_| report_payment(&app, &hook, Paystack, &reference));
    let (answers, ..) = tokio::join!(join_all(all), work(&app), work(&app), work(&app));
    // A server may be busy; the provider then repeats the webhook.
    assert!(answers.iter().all(|status| matches!(status, 200 | 503)), "{answers:?}");
    assert!(answers.contains(&200));
    app.clock.advance(SignedDuration::from_secs(5));
    work(&app).await;
    assert_eq!(payments(&user, &invoice).await.len(), 1);
    assert_eq!(status(&user, &invoice).await, "paid");
    assert_eq!(held(&user).await, Vec::<Value>::new());
}

#[tokio::test]
#[ignore = "starts a PostgreSQL server; tests/run runs it"]
async fn three_servers_on_one_database_book_one_payment() {
    assert!(server_url().is_some(), "TEST_DATABASE_URL names no PostgreSQL server");
    let stand_ins = StandIns::spawn().await;
    let first = spawn(&stand_ins).await;
    let options =
        || Options { providers: Some(stand_ins.urls()), home: first.home(), ..Options::default() };
    let (second, third) = (spawn_app_with(options()).await, spawn_app_with(options()).await);
    let user = first.register("ada@example.com").await;
    let hook = user.connect(Paystack).await;
    for _ in 0..5 {
        let (invoice, link) = sent(&user, json!(100), "NGN").await;
        let reference = begin(&first, &stand_ins, &link, Paystack).await;
        stand_ins.pay(&reference);
        let apps = [&first, &second, &third];
        let reports = (0..90).map(|n| report_payment(apps[n % 3], &hook, Paystack, &reference));
        let returns = apps.map(|app| {
            let path = format!("{link}?paid={reference}");
            async move { Browser::new(app).open(&path).await }
        });
        let works = apps.map(work);
        let (answers, pages, _) =
            tokio::join!(join_all(reports), join_all(returns), join_all(works));
        assert!(answers.iter().all(|status| matches!(status, 200 | 503)), "{answers:?}");
        assert!(pages.iter().all(|page| page.status == 200));
        // A webhook that conflicted with the others is sent again.
        for app in apps {
            app.clock.advance(SignedDuration::from_secs(10));
        }
        join_all(apps.map(work)).await;
        for app in apps {
            app.clock.advance(SignedDuration::from_secs(10));
        }
        work(&first).await;
        assert_eq!(payments(&user, &invoice).await.len(), 1);
        assert_eq!(held(&user).await, Vec::<Value>::new());
    }
}

#[tokio::test]
async fn coming_back_asks_the_provider_at_once() {
    let stand_ins = StandIns::spawn().await;
    let app = spawn(&stand_ins).await;
    let user = app.register("ada@example.com").await;
    let hook = user.connect(Flutterwave).await;
    let browser = Browser::new(&app);

    // Before any webhook.
    let (invoice, link) = sent(&user, json!(100), "NGN").await;
    let reference = begin(&app, &stand_ins, &link, Flutterwave).await;
    stand_ins.pay(&reference);
    let back = format!("{link}?status=successful&tx_ref={reference}&transaction_id=1");
    let page = browser.open(&back).await;
    assert!(page.html.contains("Payment received. Thank you!"), "{}", page.html);
    assert_eq!(payments(&user, &invoice).await.len(), 1);
    assert_eq!(report_payment(&app, &hook, Flutterwave, &reference).await, 200);
    work(&app).await;
    assert_eq!(payments(&user, &invoice).await.len(), 1);

    // After the webhook.
    let (invoice, link) = sent(&user, json!(100), "NGN").await;
    let reference = begin(&app, &stand_ins, &link, Flutterwave).await;
    stand_ins.pay(&reference);
    assert_eq!(report_payment(&app, &hook, Flutterwave, &reference).await, 200);
    work(&app).await;
    let asked = stand_ins.asked();
    let page = browser.open(&format!("{link}?tx_ref={reference}")).await;
    assert!(page.html.contains("Payment received. Thank you!"));
    assert_eq!((stand_ins.asked(), payments(&user, &invoice).await.len()), (asked, 1));

    // Not confirmed yet: looked up once when the client returns, then by the job, which starts
    // over.
    let (invoice, link) = sent(&user, json!(100), "NGN").await;
    let reference = begin(&app, &stand_ins, &link, Flutterwave).await;
    app.clock.advance(SignedDuration::from_mins(20));
    let asked = stand_ins.asked();
    for _ in 0..3 {
        let page = browser.open(&format!("{link}?tx_ref={reference}")).await;
        assert!(page.html.contains("We are waiting for confirmation"), "{}", page.html);
        // Nobody should pay twice.
        assert!(!page.html.contains("/pay?with="));
    }
    assert_eq!(stand_ins.asked(), asked + 1);
    stand_ins.pay(&reference);
    app.clock.advance(SignedDuration::from_secs(5));
    work(&app).await;
    assert_eq!(payments(&user, &invoice).await.len(), 1);

    // The client changed their mind.
    let (_, link) = sent(&user, json!(100), "NGN").await;
    let reference = begin(&app, &stand_ins, &link, Flutterwave).await;
    let page = browser.open(&format!("{link}?status=cancelled&tx_ref={reference}")).await;
    assert!(!page.html.contains("We are waiting"), "{}", page.html);
    assert!(page.html.contains("/pay?with=flutterwave"));

    // It failed; the client tries again.
    let (invoice, link) = sent(&user, json!(100), "NGN").await;
    let reference = begin(&app, &stand_ins, &link, Flutterwave).await;
    stand_ins.fail(&reference);
    let page = browser.open(&format!("{link}?tx_ref={reference}")).await;
    assert!(page.html.contains("The payment did not go through"), "{}", page.html);
    assert!(page.html.contains(&format!("{link}/pay?with=flutterwave")));
    let again = begin(&app, &stand_ins, &link, Flutterwave).await;
    assert_ne!(again, reference);
    assert_eq!(payments(&user, &invoice).await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_webhook_that_never_comes_is_made_up_for_by_asking_for_a_day() {
    let stand_ins = StandIns::spawn().await;
    let app = spawn(&stand_ins).await;
    let user = app.register("ada@example.com").await;
    let hook = user.connect(Stripe).await;
    let (paid, link) = sent(&user, json!(100), "USD").await;
    let reference = begin(&app, &stand_ins, &link, Stripe).await;
    let (left, other) = sent(&user, json!(100), "USD").await;
    let abandoned = begin(&app, &stand_ins, &other, Stripe).await;

    work(&app).await;
    assert_eq!(stand_ins.asked(), 0, "too early");
    app.clock.advance(SignedDuration::from_mins(1));
    work(&app).await;
    assert_eq!(stand_ins.asked(), 2);
    work(&app).await;
    assert_eq!(stand_ins.asked(), 2, "there is a pause");
    app.clock.advance(SignedDuration::from_hours(2));
    stand_ins.pay(&reference);
    work(&app).await;
    assert_eq!(status(&user, &paid).await, "paid");

    // The other one is looked up until a day has passed.
    let mut asked = stand_ins.asked();
    let mut rounds = 0;
    while app.app.run_due(JobKind::Checkout).await.unwrap().next.is_some() {
        app.clock.advance(SignedDuration::from_mins(30));
        rounds += 1;
        assert!(rounds < 60, "it is asked about forever");
    }
    assert!(rounds > 40, "only {rounds} rounds");
    assert!(stand_ins.asked() > asked + 40);
    asked = stand_ins.asked();
    app.clock.advance(SignedDuration::from_hours(24));
    work(&app).await;
    assert_eq!(stand_ins.asked(), asked);

    // A late webhook still counts. If the provider is down at that time, it is asked again.
    stand_ins.pay(&abandoned);
    stand_ins.set(Mood::Down);
    assert_eq!(report_payment(&app, &hook, Stripe, &abandoned).await, 200);
    work(&app).await;
    assert_eq!(status(&user, &left).await, "sent");
    stand_ins.set(Mood::Well);
    app.clock.advance(SignedDuration::from_secs(5));
    work(&app).await;
    assert_eq!(status(&user, &left).await, "paid");
}

#[tokio::test]
async fn a_provider_in_trouble_costs_nothing_and_says_so() {
    let stand_ins = StandIns::spawn().await;
    let app = spawn(&stand_ins).await;
    let user = app.register("ada@example.com").await;
    let hook = user.connect(Paystack).await;
    let (invoice, link) = sent(&user, json!(100), "NGN").await;
    for mood in [Mood::Down, Mood::Strange, Mood::Endless, Mood::Redirecting, Mood::Slow] {
        stand_ins.set(mood);
        let page = press(&app, &link, Paystack).await;
        assert_eq!(page.status, 503, "{mood:?}");
        assert!(page.html.contains("Paystack can’t be reached right now"), "{mood:?}");
        assert!(page.html.contains(&format!("{link}/pay?with=paystack")), "{mood:?}");
    }
    stand_ins.set(Mood::Refusing);
    let page = press(&app, &link, Paystack).await;
    assert_eq!(page.status, 503);
    assert!(page.html.contains("Paystack could not start the payment"), "{}", page.html);
    assert_eq!(content::count(app.database(), "checkouts"), 0);

    // The provider fails during the lookup: the payment waits, and is booked later.
    stand_ins.set(Mood::Well);
    let reference = begin(&app, &stand_ins, &link, Paystack).await;
    stand_ins.pay(&reference);
    for mood in [Mood::Down, Mood::Refusing, Mood::Strange] {
        stand_ins.set(mood);
        assert_eq!(report_payment(&app, &hook, Paystack, &reference).await, 200);
        work(&app).await;
        assert_eq!(status(&user, &invoice).await, "sent", "{mood:?}");
    }
    let page = Browser::new(&app).open(&format!("{link}?reference={reference}")).await;
    assert!(page.html.contains("We are waiting for confirmation"));
    stand_ins.set(Mood::Well);
    app.clock.advance(SignedDuration::from_secs(5));
    work(&app).await;
    assert_eq!(status(&user, &invoice).await, "paid");
}

#[tokio::test]
async fn a_pay_button_stands_where_something_can_be_paid() {
    let stand_ins = StandIns::spawn().await;
    let app = spawn(&stand_ins).await;
    let user = app.register("ada@example.com").await;
    let browser = Browser::new(&app);
    let has = |page: &Page, kind: &str| page.html.contains(&format!("/pay?with={kind}"));
    let (invoice, link) = sent(&user, json!(100), "USD").await;
    assert!(!browser.open(&link).await.html.contains("/pay"));
    user.connect(Paystack).await;
    let page = browser.open(&link).await;
    assert!(has(&page, "paystack") && page.html.contains("Pay USD\u{a0}100.00"), "{}", page.html);
    user.connect(Stripe).await;
    let page = browser.open(&link).await;
    assert!(has(&page, "paystack") && has(&page, "stripe") && !has(&page, "flutterwave"));
    assert!(page.html.contains("Pay with Paystack") && page.html.contains("Pay with Stripe"));
    // No provider is chosen, or one that is not connected: nothing is opened.
    for path in [format!("{link}/pay"), format!("{link}/pay?with=flutterwave")] {
        let page = browser.once(&Method::GET, &path, &[]).await;
        assert_eq!((page.status.as_u16(), page.headers[LOCATION].to_str().unwrap()), (303, &*link));
    }
    // Programs that prefetch links open nothing.
    let robot = app.http.get(format!("{}{link}/pay?with=stripe", app.base));
    let robot = robot.header("user-agent", "WhatsApp/2.23.20.0 A").send().await.unwrap();
    assert_eq!(robot.status(), 200);
    assert_eq!(stand_ins.references(), Vec::<String>::new());
    // A currency that only one of them supports.
    let (_, euros) = sent(&user, json!(100), "EUR").await;
    let page = browser.open(&euros).await;
    assert!(has(&page, "stripe") && !has(&page, "paystack"));
    assert_eq!(press(&app, &euros, Stripe).await.status, 303);
    // A single provider needs no choice.
    let page = browser.once(&Method::GET, &format!("{euros}/pay"), &[]).await;
    let to = page.headers[LOCATION].to_str().unwrap();
    assert!(to.starts_with("https://checkout.stripe.example/"), "{to}");
    // The amount due now, and nothing once it is paid.
    let body = json!({"amount": 40});
    user.post(&format!("/invoices/{invoice}/payments"), body).await.data(201);
    let reference = begin(&app, &stand_ins, &link, Paystack).await;
    assert_eq!(stand_ins.opened(&reference).amount, 6_000);
    user.post(&format!("/invoices/{invoice}/mark-paid"), json!({})).await.data(200);
    assert!(!browser.open(&link).await.html.contains("/pay"));
    let page = press(&app, &link, Paystack).await;
    assert_eq!((page.status.as_u16(), page.headers[LOCATION].to_str().unwrap()), (303, &*link));
}

#[tokio::test]
async fn a_client_who_withholds_tax_pays_the_rest_online() {
    let stand_ins = StandIns::spawn().await;
    let app = spawn(&stand_ins).await;
    let user = app.register("ada@example.com").await;
    let hook = user.connect(Paystack).await;
    let client = user.client("Client").await;
    let body = json!({
        "clientId": client, "currency": "NGN", "dueDate": "2026-04-15",
        "items": [{"description": "Work", "quantity": 1, "rate": 500_000}], "taxRate": 7.5,
        "withholding": {"name": "WHT", "rate": 5},
    });
    let made = user.post("/invoices", body).await;
    let id = made.data(201)["id"].as_str().unwrap().to_owned();
    user.post(&format!("/invoices/{id}/send"), json!({})).await.data(200);
    let link = app.app.invoice_link(user.claims(), InvoiceId::parse(&id)).await.unwrap().unwrap();
    let link = link.strip_prefix(PUBLIC_URL).unwrap();
    let reference = begin(&app, &stand_ins, link, Paystack).await;
    assert_eq!(stand_ins.opened(&reference).amount, 51_250_000);
    stand_ins.pay(&reference);
    assert_eq!(report_payment(&app, &hook, Paystack, &reference).await, 200);
    work(&app).await;
    let invoice = user.get(&format!("/invoices/{id}")).await;
    assert_eq!(invoice.data(200)["amountDue"].to_string(), "25000");
    // Only the certificate is missing: nothing is left to pay online.
    assert!(!Browser::new(&app).open(link).await.html.contains("/pay"));
}

#[tokio::test]
async fn keys_are_never_told_again() {
    let stand_ins = StandIns::spawn().await;
    let app = spawn(&stand_ins).await;
    let user = app.register("ada@example.com").await;
    let hide = |text: &str, place: &str| {
        for secret in SECRETS {
            assert!(!text.contains(secret), "{place} tells a secret");
        }
    };
    let mut hooks = Vec::new();
    for kind in ProviderKind::ALL {
        let keys = json!({"providers": {kind.as_str(): provider::keys(kind)}});
        hide(&user.put("/settings", keys).await.body.to_string(), "PUT /settings");
        hooks.push(user.connect(kind).await);
    }
    let settings = user.get("/settings").await;
    hide(&settings.body.to_string(), "GET /settings");
    let providers = &settings.data(200)["providers"];
    for (kind, last4) in [("paystack", "ps11"), ("flutterwave", "fw22"), ("stripe", "st33")] {
        assert_eq!(providers[kind]["configured"], true);
        assert_eq!(providers[kind]["last4"], last4);
        assert_eq!(providers[kind]["checksWebhooks"], true);
    }
    let browser = Browser::of(&user);
    for path in ["/settings/providers", "/settings/providers/stripe"] {
        hide(&browser.open(path).await.html, path);
    }
    let (_, link) = sent(&user, json!(100), "NGN").await;
    let reference = begin(&app, &stand_ins, &link, Paystack).await;
    hide(&browser.open("/settings/data/export.json").await.html, "the export");
    let export = browser.open("/settings/data/export.json").await.html;
    let export: Value = serde_json::from_str(&export).unwrap();
    assert_eq!(export["paymentProviders"].as_array().unwrap().len(), 3);
    assert_eq!(export["paymentProviders"][0]["provider"], "flutterwave");
    assert_eq!(export["checkouts"][0]["reference"], reference);
    for hook in &hooks {
        let key = hook.rsplit('/').next().unwrap();
        assert!(!export.to_string().contains(key), "the export tells an address");
    }
    // The database does not hold them in plain text either.
    for secret in SECRETS {
        assert!(!content::holds(app.database(), secret), "the database holds a secret");
    }

    // A change keeps the fields that it omits, and the webhook address.
    let body = json!({"providers": {"stripe": {"webhookSecret": "whsec_another_secret"}}});
    let changed = user.put("/settings", body).await;
    assert_eq!(changed.data(200)["providers"], *providers);
    let body = json!({"providers": {"stripe": {"webhookSecret": null}, "paystack": null}});
    let changed = user.put("/settings", body).await;
    let changed = &changed.data(200)["providers"];
    assert_eq!(changed["stripe"]["checksWebhooks"], false);
    assert_eq!(changed["paystack"], json!({"configured": false}));
    assert_eq!(report_payment(&app, &hooks[0], Paystack, &reference).await, 404);
    // A new connection has a new address.
    assert_ne!(user.connect(Paystack).await, hooks[0]);
    for (body, error) in [
        (json!({"paystack": {}}), "is required"),
        (json!({"stripe": {"secretKey": "short"}}), "must be at least 8 characters long"),
        (json!({"stripe": {"secretKey": "with a space"}}), "must be one line without control"),
        (json!({"flutterwave": {"secretKey": 12}}), "must be a string"),
        (json!({"stripe": {"secretKey": null}}), "is required"),
    ] {
        user.put("/settings", json!({"providers": {"paystack": null}})).await.data(200);
        let refused = user.put("/settings", json!({"providers": body})).await;
        assert!(refused.error(400).starts_with("providers."), "{}", refused.body);
        assert!(refused.error(400).contains(error), "{}", refused.body);
    }
}

#[tokio::test]
async fn providers_are_connected_and_disconnected_on_their_pages() {
    let stand_ins = StandIns::spawn().await;
    let app = spawn(&stand_ins).await;
    let user = app.register("ada@example.com").await;
    let browser = Browser::of(&user);
    let place = "/settings/providers/stripe";
    let page = browser.open(place).await;
    let refused = browser.send(&page, place, &[("secretKey", " "), ("webhookSecret", "")]).await;
    assert_eq!(refused.status, 400);
    let page =
        browser.send(&page, place, &[("secretKey", STRIPE_KEY), ("webhookSecret", "")]).await;
    assert!(page.html.contains("Connected with the key ending in st33"), "{}", page.html);
    assert!(page.html.contains(&format!("{PUBLIC_URL}/hooks/stripe/")));
    assert!(page.html.contains("Webhooks are rejected until"));
    let fields = [("secretKey", ""), ("webhookSecret", STRIPE_SECRET)];
    let page = browser.send(&page, place, &fields).await;
    assert!(page.html.contains("Connected with the key ending in st33"));
    assert!(!page.html.contains("Webhooks are rejected until"));
    let page = browser.send(&page, "/settings/providers/stripe/remove", &[]).await;
    assert_eq!(&*page.path, "/settings/providers");
    assert!(!page.html.contains("Connected"), "{}", page.html);
    assert_eq!(browser.open("/settings/providers/paypal").await.status, 404);
}

#[tokio::test]
async fn webhooks_do_not_count_in_the_limit_of_the_api_and_checkouts_have_their_own() {
    let stand_ins = StandIns::spawn().await;
    let providers = Some(stand_ins.urls());
    let app = spawn_app_with(Options { providers, rate_limit: true, ..Options::default() }).await;
    let user = app.register("ada@example.com").await;
    let hook = user.connect(Paystack).await;
    for _ in 0..150 {
        assert_eq!(report_payment(&app, &hook, Paystack, "order-1").await, 200);
    }
    let client = user.client("Client").await;
    let body = json!({
        "clientId": client, "amount": 100, "currency": "NGN", "dueDate": "2026-04-15",
    });
    let id = user.post("/invoices", body).await.data(201)["id"].as_str().unwrap().to_owned();
    // An unverified account can email only itself.
    let own = json!({"email": "ada@example.com"});
    user.post(&format!("/invoices/{id}/send"), own).await.data(200);
    let link = app.app.invoice_link(user.claims(), InvoiceId::parse(&id)).await.unwrap().unwrap();
    let link = link.strip_prefix(PUBLIC_URL).unwrap();
    for _ in 0..20 {
        assert_eq!(press(&app, link, Paystack).await.status, 303);
    }
    assert_eq!(press(&app, link, Paystack).await.status, 429);
    assert_eq!(stand_ins.references().len(), 20);
}
