//! Held payments, and the owner's decision about them.

use poem::Response;

use crate::{
    app::held_payment::{book_held_payment, dismiss_held_payment, find_held_payment},
    domain::{
        checkout::{Checkout, HeldReason},
        error::Result,
    },
    locale::{Text, t},
    web::{fields::Fields, figure, visit::Visit},
};

/// Books a held payment.
pub async fn book(visit: Visit, _: Fields) -> Result<Response> {
    let place = place(&visit).await?;
    match visit.act(book_held_payment).await {
        Ok(_) => Ok(visit.done(&place, t("payment-recorded"))),
        Err(error) => visit.redirect_with_error(&place, error),
    }
}

/// Dismisses a held payment.
pub async fn dismiss(visit: Visit, _: Fields) -> Result<Response> {
    let place = place(&visit).await?;
    match visit.act(dismiss_held_payment).await {
        Ok(_) => Ok(visit.done(&place, t("held-dismissed"))),
        Err(error) => visit.redirect_with_error(&place, error),
    }
}

async fn place(visit: &Visit) -> Result<String> {
    Ok(format!("/invoices/{}", visit.find(find_held_payment).await?.invoice))
}

/// Returns the amount paid.
pub fn sum(held: &Checkout) -> String {
    figure::money(&held.received.as_ref().map_or(held.amount, |received| received.amount))
}

/// Returns the name of the provider that received it.
pub fn title(held: &Checkout) -> Text {
    t("held-title").with("provider", held.provider.name()).with("sum", sum(held))
}

/// Returns why it was not booked.
pub fn why(held: &Checkout) -> Text {
    let key = match held.reason {
        Some(HeldReason::Currency) => "held-why-currency",
        Some(HeldReason::NotPayable) => "held-why-voided",
        Some(HeldReason::ExceedsDue) => "held-why-exceeds",
        Some(HeldReason::Amount) | None => "held-why-amount",
    };
    t(key).with("asked", figure::money(&held.amount))
}

/// Whether it can be booked on its invoice.
pub fn can_book(held: &Checkout) -> bool {
    !matches!(held.reason, Some(HeldReason::Currency | HeldReason::NotPayable))
}
