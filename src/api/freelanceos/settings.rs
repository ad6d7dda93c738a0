//! `/settings`: the business, invoice defaults, payment methods and payment providers.

use std::sync::Arc;

use poem_openapi::OpenApi;

use super::{
    Tag,
    client::AddressBody,
    envelope::{Answer, Reply},
    error::{ChangingSettings, Reading},
};
use crate::{
    app::{
        App,
        invoice_defaults::{find_invoice_settings, update_invoice_defaults},
        mail_settings::update_mail_settings,
        notice::update_notifications,
        provider::update_providers,
        reminder::update_reminders,
    },
    domain::{
        business::Business,
        country::Country,
        id::TaxId,
        invoice_defaults::InvoiceSettings,
        mail_settings::MailSettings,
        money::Currency,
        notice::{Channel, NoticeKind, Notifications},
        number_format::NumberFormat,
        paper::{Paper, Template},
        payment_method::{PaymentMethod, PaymentMethodType},
        provider::{ConnectedProvider, ProviderKind},
        reminder::{LateFee, ReminderSettings, ReminderStep},
        settings::SettingsChange,
    },
    http::{
        amount::Amount,
        bearer::Bearer,
        body::Body,
        schema::{OneOf, Text, bodies, schema},
    },
};

schema! {
    /// The seller on documents. Missing details are taken from the account.
    struct BusinessBody "Business" of business: Business {
        name "name": Option<String> = business.name,
        address "address": Option<AddressBody> = business.address.map(Into::into),
        country_code "countryCode": Option<Text<Country>> = business.country_code.map(Text),
        tax_id "taxId": Option<String> = business.tax_id,
        registration_number "registrationNumber": Option<String> = business.registration_number,
        email "email": Option<String> = business.email,
        phone "phone": Option<String> = business.phone,
        website "website": Option<String> = business.website,
    }
}

schema! {
    /// The defaults for new invoices.
    struct InvoicingBody "Invoicing" of settings: InvoiceSettings {
        number_pattern "numberPattern": String = settings.invoices.pattern.to_string(),
        /// The next number of the current period.
        next_number "nextNumber": i64 = settings.invoices.next,
        credit_note_pattern "creditNotePattern": String = settings.credit_notes.pattern.to_string(),
        /// The next number of the current period.
        next_credit_note_number "nextCreditNoteNumber": i64 = settings.credit_notes.next,
        payment_terms_days "paymentTermsDays": Option<u32> = settings.defaults.payment_terms_days,
        /// The default taxes for lines of new invoices.
        tax_ids "taxIds": Vec<Text<TaxId>> = settings.tax_ids.into_iter().map(Text).collect(),
        notes "notes": Option<String> = settings.defaults.notes,
        template "template": OneOf<Template> = OneOf(settings.defaults.template),
        paper "paper": OneOf<Paper> = OneOf(settings.defaults.paper),
        number_format "numberFormat": OneOf<NumberFormat> = OneOf(settings.defaults.number_format),
    }
}

schema! {
    /// A way for clients to pay. The fields depend on its type.
    struct PaymentMethodBody "PaymentMethod" of method: PaymentMethod {
        label "label": String = method.label,
        /// If set, shown only on invoices in this currency.
        currency "currency": Option<Text<Currency>> = method.currency.map(Text),
        kind "type": OneOf<PaymentMethodType> = OneOf(method.kind),
        account_name "accountName": Option<String> = method.account_name,
        bank_name "bankName": Option<String> = method.bank_name,
        iban "iban": Option<String> = method.iban,
        account_number "accountNumber": Option<String> = method.account_number,
        bic "bic": Option<String> = method.bic,
        routing_number "routingNumber": Option<String> = method.routing_number,
        sort_code "sortCode": Option<String> = method.sort_code,
        vpa "vpa": Option<String> = method.vpa,
        provider "provider": Option<String> = method.provider,
        number "number": Option<String> = method.number,
        name "name": Option<String> = method.name,
        url "url": Option<String> = method.url,
        text "text": Option<String> = method.text,
    }
}

schema! {
    /// A payment provider. Its keys are never returned.
    struct ProviderBody "Provider" of provider: Option<ConnectedProvider> {
        /// Whether clients can pay through it.
        configured "configured": bool = provider.is_some(),
        /// The last characters of the secret key.
        last4 "last4": Option<String> = provider.as_ref().map(|provider| provider.last4.clone()),
        /// The webhook address to enter at the provider.
        webhook_url "webhookUrl": Option<String> =
            provider.as_ref().map(|provider| provider.webhook_url.clone()),
        /// Whether a webhook secret is set. Without one, webhooks are rejected and payments are
        /// looked up at the provider instead, which takes longer.
        checks_webhooks "checksWebhooks": Option<bool> =
            provider.map(|provider| provider.checks_webhooks),
    }
}

schema! {
    /// The payment providers.
    struct ProvidersBody "Providers" of providers: Vec<ConnectedProvider> {
        paystack "paystack": ProviderBody = of_kind(&providers, ProviderKind::Paystack),
        flutterwave "flutterwave": ProviderBody = of_kind(&providers, ProviderKind::Flutterwave),
        stripe "stripe": ProviderBody = of_kind(&providers, ProviderKind::Stripe),
    }
}

fn of_kind(providers: &[ConnectedProvider], kind: ProviderKind) -> ProviderBody {
    providers.iter().find(|provider| provider.kind == kind).cloned().into()
}

schema! {
    /// A late fee.
    struct LateFeeBody "ReminderLateFee" of fee: LateFee {
        /// Of the amount due.
        percent "percent": Option<Amount> = fee.percent.map(Amount),
        /// In the currency of the account.
        amount "amount": Option<Amount> = fee.amount.map(Amount),
    }
}

schema! {
    /// Where a notice is told.
    struct ChannelsBody "Channels" of (told, kind): (&Notifications, NoticeKind) {
        in_app "inApp": bool = told.tells(kind, Channel::InApp),
        email "email": bool = told.tells(kind, Channel::Email),
    }
}

schema! {
    /// A reminder before, on or after the due date.
    struct StepBody "ReminderStepSettings" of step: ReminderStep {
        /// From the due date; negative before it.
        days "days": i32 = step.days,
        subject "subject": Option<String> = step.subject,
        body "body": Option<String> = step.body,
        late_fee "lateFee": Option<LateFeeBody> = step.late_fee.map(Into::into),
    }
}

schema! {
    /// Which notices you get, and where.
    struct NotificationsBody "Notifications" of told: &Notifications {
        /// A client accepted or declined a proposal.
        proposal_answered "proposalAnswered": ChannelsBody =
            (told, NoticeKind::ProposalAnswered).into(),
        /// A client paid through a payment provider.
        payment_received "paymentReceived": ChannelsBody =
            (told, NoticeKind::PaymentReceived).into(),
        /// A payment through a provider needs your decision.
        payment_held "paymentHeld": ChannelsBody = (told, NoticeKind::PaymentHeld).into(),
        message_received "messageReceived": ChannelsBody =
            (told, NoticeKind::MessageReceived).into(),
        /// An email to a client could not be delivered.
        mail_failed "mailFailed": ChannelsBody = (told, NoticeKind::MailFailed).into(),
    }
}

schema! {
    /// Emails to clients about unpaid invoices.
    struct RemindersBody "Reminders" of settings: ReminderSettings {
        enabled "enabled": bool = settings.enabled,
        /// In the order of their days.
        steps "steps": Vec<StepBody> =
            settings.steps.into_iter().map(|known| known.step.into()).collect(),
    }
}

schema! {
    /// An email to clients before a proposal expires.
    struct ProposalReminderBody "ProposalReminder" of settings: ReminderSettings {
        enabled "enabled": bool = settings.reminds_of_proposals(),
        /// Before `validUntil`.
        days "days": u32 = settings.proposal_days,
    }
}

schema! {
    /// How you write to clients.
    struct MailSettingsBody "MailSettings" of (mail, reminders): (MailSettings, ReminderSettings) {
        /// Whether clients get the receipt when an invoice is paid in full.
        thank_you "thankYou": bool = reminders.thank_you,
        /// The name in the sender of emails to clients; by default that of the business.
        sender_name "senderName": Option<String> = mail.sender_name,
        /// What ends emails to clients.
        signature "signature": Option<String> = mail.signature,
    }
}

schema! {
    /// The settings of the account.
    struct SettingsBody "Settings" of settings: InvoiceSettings {
        business "business": BusinessBody = settings.defaults.business.clone().into(),
        providers "providers": ProvidersBody = settings.providers.clone().into(),
        /// The payment methods, in the order in which clients see them.
        payment_methods "paymentMethods": Vec<PaymentMethodBody> =
            settings.defaults.payment_methods.iter().cloned().map(Into::into).collect(),
        notifications "notifications": NotificationsBody =
            (&settings.mail.notifications).into(),
        reminders "reminders": RemindersBody = settings.reminders.clone().into(),
        proposal_reminder "proposalReminder": ProposalReminderBody =
            settings.reminders.clone().into(),
        mail "mail": MailSettingsBody =
            (settings.mail.clone(), settings.reminders.clone()).into(),
        invoicing "invoicing": InvoicingBody = settings.into(),
    }
}

bodies! {
    /// A change of the settings: any of the fields of any section.
    SettingsChangeInput "SettingsChange" = SettingsChange, example r#"{
        "business": {
            "name": "Okafor Design Studio",
            "address": { "street": "14 Admiralty Way", "city": "Lagos", "postalCode": "106104" },
            "countryCode": "NG",
            "taxId": "TIN 12345678-0001"
        },
        "invoicing": { "numberPattern": "INV-{YYYY}-{NNN}", "paymentTermsDays": 14 },
        "paymentMethods": [{
            "label": "Euro account",
            "type": "bank_account",
            "currency": "EUR",
            "accountName": "Okafor Design Studio",
            "bankName": "DKB",
            "iban": "DE02120300000000202051"
        }],
        "reminders": {
            "enabled": true,
            "steps": [
                { "days": 0 },
                { "days": 7, "subject": "{number} is overdue", "body": "Please pay {amount}." },
                { "days": 30, "lateFee": { "percent": 2 } }
            ]
        },
        "mail": { "thankYou": true }
    }"#;
}

/// The routes under `/settings`.
pub struct Routes(pub Arc<App>);

#[OpenApi(prefix_path = "/settings", tag = "Tag::Settings")]
impl Routes {
    /// Get the settings
    ///
    /// The business as documents show it, the defaults and next numbers of new invoices, the
    /// payment methods, and the payment providers.
    #[oai(path = "/", method = "get", operation_id = "getSettings")]
    async fn find(&self, bearer: Bearer) -> Answer<SettingsBody, Reading> {
        Ok(Reply::new(self.0.query(bearer.0, find_invoice_settings).await?))
    }

    /// Update the settings
    ///
    /// Accepts any of the fields; an address is replaced as a whole, and null clears an optional
    /// field. Sent invoices keep the earlier details. If a new pattern has the same period, numbers
    /// continue. Returns 409 if the next number is already in use. Keys of payment providers are
    /// stored encrypted and never returned; null disconnects a provider.
    #[oai(path = "/", method = "put", method = "patch")]
    async fn update(
        &self,
        body: Body<SettingsChangeInput>,
        bearer: Bearer,
    ) -> Answer<SettingsBody, ChangingSettings> {
        let mut change = self.0.admit(bearer.0, body.read()).await?;
        let (providers, notifications) = (change.providers.take(), change.notifications.take());
        let (reminders, mail) = (change.take_reminders(), change.mail.take());
        let change = change.into();
        let run = self.0.run(bearer.0, move |work| {
            if let Some(reminders) = &reminders {
                update_reminders(work, reminders, None)?;
            }
            mail.iter().try_for_each(|mail| update_mail_settings(work, mail).map(drop))?;
            notifications.iter().try_for_each(|all| update_notifications(work, all).map(drop))?;
            providers.iter().try_for_each(|providers| update_providers(work, providers))?;
            update_invoice_defaults(work, &change, None)
        });
        Ok(Reply::new(run.await?))
    }
}
