//! The demo freelancer's business, her public profile and the messages she received.

use crate::{
    app::{
        App, invoice_defaults::update_invoice_defaults, portfolio::create_portfolio_item,
        profile::update_profile, tax::create_tax, unit_of_work::Who,
    },
    domain::{
        account::Location,
        address::Address,
        country::Country,
        error::Result,
        invoice_defaults::InvoiceDefaultsChange,
        message::NewMessage,
        money::Currency,
        patch::Patch,
        payment_method::{PaymentMethod, PaymentMethodType},
        portfolio::{Link, Work},
        profile::{Availability, Experience, ProfileChange, Rate},
    },
};

/// Gives the freelancer a business with an address in Lagos.
pub async fn open_business(app: &App, who: Who) -> Result<()> {
    let set = |text: &str| Patch::Set(text.to_owned());
    let business = InvoiceDefaultsChange {
        business_name: set("Okafor Design Studio"),
        address: Patch::Set(Address {
            street: Some("14 Admiralty Way".to_owned()),
            street2: Some("Lekki Phase 1".to_owned()),
            city: Some("Lagos".to_owned()),
            postal_code: Some("106104".to_owned()),
            ..Address::default()
        }),
        country_code: Country::from_code("NG").map_or(Patch::Keep, Patch::Set),
        tax_id: set("TIN 12345678-0001"),
        registration_number: set("RC 1234567"),
        payment_methods: Some(payment_methods()),
        ..InvoiceDefaultsChange::default()
    };
    app.run(who, move |work| {
        // The domestic tax is the default.
        let taxes = ["XOF", "EUR", "NGN"].map(|currency| super::texts::tax(currency, 1));
        let taxes = taxes.iter().flatten().map(|tax| create_tax(work, tax));
        let home = taxes.collect::<Result<Vec<_>>>()?.pop();
        let tax_ids = home.map(|tax| vec![tax.id]);
        let business = InvoiceDefaultsChange { tax_ids, ..business.clone() };
        update_invoice_defaults(work, &business, None).map(drop)
    })
    .await
}

/// Returns accounts in the currencies of the demo's clients. The IBAN is the example from its
/// standard.
fn payment_methods() -> Vec<PaymentMethod> {
    let bank = |label, code, bank: &str| PaymentMethod {
        currency: Currency::from_code(code),
        account_name: Some("Okafor Design Studio".to_owned()),
        bank_name: Some(bank.to_owned()),
        ..PaymentMethod::new(label, PaymentMethodType::BankAccount)
    };
    let number = |number: &str| Some(number.to_owned());
    vec![
        PaymentMethod {
            iban: number("DE89370400440532013000"),
            bic: number("COBADEFFXXX"),
            ..bank("Euro account", "EUR", "Commerzbank")
        },
        PaymentMethod {
            account_number: number("0123456789"),
            ..bank("Naira account", "NGN", "GTBank")
        },
        PaymentMethod {
            account_number: number("8310000123"),
            routing_number: number("026073150"),
            ..bank("US dollar account", "USD", "Community Federal Savings Bank")
        },
    ]
}

/// Fills in the profile, the portfolio and the messages. Skips a username that another account in
/// the database already has.
pub async fn fill(app: &App, who: Who, username: &str) -> Result<()> {
    let profile = ProfileChange {
        title: Patch::Set("Product designer and web developer".to_owned()),
        bio: Patch::Set(
            "I design and build websites and apps for shops, schools and clinics in West Africa, \
             and I stay until they work."
                .to_owned(),
        ),
        hourly_rate: Patch::Set(Rate { amount: 45.into(), currency: Some(Currency::USD) }),
        skills: Patch::Set(texts([
            "UI design",
            "User interviews",
            "HTML and CSS",
            "TypeScript",
            "Accessibility",
        ])),
        availability: Patch::Set(Availability::Available),
        experience: Patch::Set(Experience::Expert),
        phone: Patch::Set("+2348012345678".to_owned()),
        location: Patch::Set(Location {
            country: "Nigeria".to_owned(),
            city: Some("Lagos".to_owned()),
            coordinates: None,
        }),
        ..ProfileChange::default()
    };
    app.run(who, move |work| update_profile(work, &profile, None)).await?;
    for (title, description, technologies, url) in [
        (
            "Booking app for a clinic",
            "Patients choose a time on their phone; the front desk sees it at once.",
            ["TypeScript", "PostgreSQL"],
            "https://clinic.example.com",
        ),
        (
            "Shop for hand-woven cloth",
            "Photographs, a cart and payment by transfer, in English and French.",
            ["HTML and CSS", "Photography"],
            "https://cloth.example.com",
        ),
    ] {
        let shown = Work {
            title: title.to_owned(),
            description: description.to_owned(),
            technologies: texts(technologies),
            images: Vec::new(),
            links: vec![Link { link_type: "live".to_owned(), url: url.to_owned() }],
        };
        app.run(who, move |work| create_portfolio_item(work, &shown)).await?;
    }
    let named = ProfileChange { username: Some(username.to_owned()), ..ProfileChange::default() };
    if app.run(who, move |work| update_profile(work, &named, None)).await.is_err() {
        return Ok(());
    }
    for (name, email, message) in [
        ("Ngozi Eze", "ngozi@example.com", "Hello Amara, do you have time for a website in May?"),
        ("Ruwan Silva", "ruwan@example.com", "Could you give a workshop for our team in Colombo?"),
    ] {
        let new = NewMessage {
            name: name.to_owned(),
            email: email.to_owned(),
            content: message.to_owned(),
        };
        app.send_message(username.to_owned(), new).await?;
    }
    Ok(())
}

fn texts<const N: usize>(texts: [&str; N]) -> Vec<String> {
    texts.map(str::to_owned).to_vec()
}
