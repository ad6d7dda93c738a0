//! `/settings/providers`: the payment providers through which clients pay online.

use askama::Template;
use poem::{Response, http::StatusCode};

use crate::{
    app::{
        provider::{list_providers, update_providers},
        unit_of_work::Work,
    },
    domain::{
        error::{Error, Result},
        input::Input,
        patch::Patch,
        provider::{
            ConnectedProvider, FlutterwaveChange, PaystackChange, ProviderKind, ProvidersChange,
            StripeChange,
        },
    },
    locale::{Html, Text, html, t},
    web::{
        editing::Editing,
        fields::Fields,
        form::Form,
        page::answer,
        settings::Tab,
        shell::{Section, Shell},
        visit::Visit,
    },
};

const PLACE: &str = "/settings/providers";

#[derive(Template)]
#[template(path = "pages/settings/providers.html")]
struct List {
    shell: Shell,
    tab: Tab,
    rows: Vec<(ProviderKind, Option<ConnectedProvider>)>,
}

#[derive(Template)]
#[template(path = "pages/settings/provider.html")]
struct Edit {
    shell: Shell,
    form: Form,
    editing: Editing,
    kind: ProviderKind,
    connected: Option<ConnectedProvider>,
}

impl Edit {
    /// Returns the name and label of the webhook secret's field, if the provider has one.
    fn webhook_field(&self) -> Option<(&'static str, Text)> {
        match self.kind {
            ProviderKind::Paystack => None,
            ProviderKind::Flutterwave => Some(("secretHash", t("provider-secret-hash"))),
            ProviderKind::Stripe => Some(("webhookSecret", t("provider-webhook-secret"))),
        }
    }

    /// Returns how to set up the webhook.
    fn how(&self) -> Html {
        let key = match self.kind {
            ProviderKind::Paystack => "provider-how-paystack-html",
            ProviderKind::Flutterwave => "provider-how-flutterwave-html",
            ProviderKind::Stripe => "provider-how-stripe-html",
        };
        html(key)
    }

    /// Whether a webhook secret is stored that the form can keep.
    fn has_webhook_secret(&self) -> bool {
        self.connected.as_ref().is_some_and(|connected| connected.checks_webhooks)
    }
}

/// Returns where clients can pay with a provider.
fn about(kind: &ProviderKind) -> Text {
    match kind {
        ProviderKind::Paystack => t("provider-about-paystack"),
        ProviderKind::Flutterwave => t("provider-about-flutterwave"),
        ProviderKind::Stripe => t("provider-about-stripe"),
    }
}

/// Returns the state of a provider.
fn state(connected: &ConnectedProvider) -> Text {
    t("provider-connected").with("last4", &connected.last4)
}

/// Lists the providers.
pub async fn list(visit: Visit) -> Result<Response> {
    let connected = visit.read(list_providers).await?;
    let of = |kind| (kind, connected.iter().find(|connected| connected.kind == kind).cloned());
    let page = List {
        shell: visit.shell(Section::Settings),
        tab: Tab::Providers,
        rows: ProviderKind::ALL.map(of).into(),
    };
    Ok(answer(StatusCode::OK, &page))
}

/// Shows the form for a provider's keys.
pub async fn edit(visit: Visit) -> Result<Response> {
    let form = visit.form(Fields::default());
    page(&visit, StatusCode::OK, form).await
}

/// Connects a provider, or changes its keys.
pub async fn update(visit: Visit, fields: Fields) -> Result<Response> {
    let kind = asked(&visit)?;
    let is_connected = find(&visit, kind).await?.is_some();
    let change = read(kind, kept(&fields, is_connected));
    let updated = match change {
        Ok(change) => {
            let update = move |work: &mut Work| update_providers(work, &change);
            visit.app.run(visit.claims, update).await
        }
        Err(error) => Err(error),
    };
    match updated {
        Ok(()) => Ok(visit.done(&place(kind), t("provider-saved").with("provider", kind.name()))),
        Err(error) => {
            let (status, form) = visit.refused(fields, error)?;
            page(&visit, status, form).await
        }
    }
}

/// Disconnects a provider.
pub async fn remove(visit: Visit, _: Fields) -> Result<Response> {
    let kind = asked(&visit)?;
    let gone = change_of(kind, Patch::Clear, Patch::Clear, Patch::Clear);
    visit.app.run(visit.claims, move |work| update_providers(work, &gone)).await?;
    Ok(visit.done(PLACE, t("provider-removed").with("provider", kind.name())))
}

fn asked(visit: &Visit) -> Result<ProviderKind> {
    let kind = ProviderKind::from_word(visit.param("provider"));
    kind.ok_or_else(|| Error::not_found("error-provider-unknown"))
}

fn place(kind: ProviderKind) -> String {
    format!("{PLACE}/{}", kind.as_str())
}

/// Returns the form without the empty fields, which keep the keys of a connected provider.
fn kept(fields: &Fields, is_connected: bool) -> Fields {
    let empty = ["secretKey", "secretHash", "webhookSecret"];
    let empty = empty.into_iter().filter(|name| fields.get(name).trim().is_empty());
    let empty: Vec<_> = empty.filter(|name| is_connected || *name != "secretKey").collect();
    fields.clone().without(&empty)
}

fn read(kind: ProviderKind, fields: Fields) -> Result<ProvidersChange> {
    let (mut paystack, mut flutterwave, mut stripe) = (Patch::Keep, Patch::Keep, Patch::Keep);
    match kind {
        ProviderKind::Paystack => paystack = Patch::Set(PaystackChange::read(&fields)?),
        ProviderKind::Flutterwave => flutterwave = Patch::Set(FlutterwaveChange::read(&fields)?),
        ProviderKind::Stripe => stripe = Patch::Set(StripeChange::read(&fields)?),
    }
    Ok(change_of(kind, paystack, flutterwave, stripe))
}

/// Returns a change of this provider alone.
fn change_of(
    kind: ProviderKind,
    paystack: Patch<PaystackChange>,
    flutterwave: Patch<FlutterwaveChange>,
    stripe: Patch<StripeChange>,
) -> ProvidersChange {
    let none =
        ProvidersChange { paystack: Patch::Keep, flutterwave: Patch::Keep, stripe: Patch::Keep };
    match kind {
        ProviderKind::Paystack => ProvidersChange { paystack, ..none },
        ProviderKind::Flutterwave => ProvidersChange { flutterwave, ..none },
        ProviderKind::Stripe => ProvidersChange { stripe, ..none },
    }
}

async fn find(visit: &Visit, kind: ProviderKind) -> Result<Option<ConnectedProvider>> {
    let connected = visit.read(list_providers).await?;
    Ok(connected.into_iter().find(|connected| connected.kind == kind))
}

async fn page(visit: &Visit, status: StatusCode, form: Form) -> Result<Response> {
    let kind = asked(visit)?;
    let connected = find(visit, kind).await?;
    let heading = match connected {
        Some(_) => t("provider-settings").with("provider", kind.name()),
        None => t("provider-connect").with("provider", kind.name()),
    };
    let editing = Editing {
        action: place(kind),
        save: t("save").into(),
        ..Editing::of(heading, PLACE, &t("settings-providers").to_string())
    };
    let form = form.of::<StripeChange>().of::<FlutterwaveChange>();
    let shell = visit.shell(Section::Settings);
    Ok(answer(status, &Edit { shell, form, editing, kind, connected }))
}
