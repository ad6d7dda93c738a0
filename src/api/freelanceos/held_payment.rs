//! `/held-payments`: payments through providers that await the owner's decision.

use std::sync::Arc;

use poem_openapi::{OpenApi, param::Path};

use super::{
    Tag,
    envelope::{Answer, Created, Paged, Reply, render},
    error::{Changing, Deleting, Failed, Listing},
    payment::PaymentBody,
};
use crate::{
    app::{
        App,
        held_payment::{book_held_payment, dismiss_held_payment, list_held_payments},
        unit_of_work::Work,
    },
    domain::{
        checkout::{Checkout, HeldPaymentFilter, HeldReason, Received},
        id::{CheckoutId, ClientId, InvoiceId},
        money::Currency,
        provider::ProviderKind,
    },
    http::{
        amount::Amount,
        bearer::Bearer,
        body::Body,
        query::Query,
        schema::{Instant, Nothing, OneOf, Text, bodies, schema},
    },
};

schema! {
    /// A payment that a provider received but that is not recorded yet.
    struct HeldPaymentBody "HeldPayment" of held: Checkout {
        id "id": Text<CheckoutId> = Text(held.id),
        invoice_id "invoiceId": Text<InvoiceId> = Text(held.invoice),
        client_id "clientId": Text<ClientId> = Text(held.client),
        provider "provider": OneOf<ProviderKind> = OneOf(held.provider),
        /// Why it is held: the amount or currency differs from the checkout, less was due when it
        /// arrived, or the invoice was voided.
        reason "reason": Option<OneOf<HeldReason>> = held.reason.map(OneOf),
        /// The amount paid.
        amount "amount": Option<Amount> = paid(&held).map(|paid| paid.amount.into()),
        currency "currency": Option<Text<Currency>> =
            paid(&held).map(|paid| Text(paid.amount.currency)),
        /// The amount of the checkout.
        asked_amount "askedAmount": Amount = held.amount.into(),
        asked_currency "askedCurrency": Text<Currency> = Text(held.amount.currency),
        /// The payment's reference on the provider's own pages.
        reference "reference": Option<String> = paid(&held).map(|paid| paid.receipt.clone()),
        received_at "receivedAt": Option<Instant> = held.settled_at.map(Instant),
    }
}

fn paid(held: &Checkout) -> Option<&Received> {
    held.received.as_ref()
}

bodies! {
    /// Records a held payment. Has no fields.
    BookInput "BookHeldPayment" = (), example "{}";
}

/// The routes of held payments.
pub struct Routes(pub Arc<App>);

#[OpenApi(prefix_path = "/held-payments", tag = "Tag::Payments")]
impl Routes {
    /// List held payments, newest first
    ///
    /// A provider received them, but the amount or currency differs from the checkout, they exceed
    /// the amount due, or the invoice was voided.
    #[oai(path = "/", method = "get", operation_id = "listHeldPayments")]
    async fn list(
        &self,
        bearer: Bearer,
        filter: Query<HeldPaymentFilter>,
    ) -> Result<Paged<HeldPaymentBody>, Failed<Listing>> {
        let filter = self.0.admit(bearer.0, filter.read()).await?;
        let list = self.0.query(bearer.0, move |work| list_held_payments(work, &filter));
        Ok(Paged::new(list.await?))
    }

    /// Record a held payment as received
    ///
    /// It may exceed the amount due; you can refund the rest. Returns 409 if the currency differs
    /// from the invoice's or the invoice was voided.
    #[oai(path = "/:id/book", method = "post", operation_id = "bookHeldPayment")]
    async fn book(
        &self,
        body: Body<BookInput>,
        bearer: Bearer,
        id: Path<CheckoutId>,
    ) -> Result<Created<PaymentBody>, Failed<Changing>> {
        let input = body.once(render::<_, PaymentBody>);
        let (once, ()) = self.0.admit(bearer.0, input).await?;
        let book = move |work: &mut Work| book_held_payment(work, id.0);
        Ok(Reply::once(self.0.run_once(bearer.0, once, book).await?))
    }

    /// Dismiss a held payment
    ///
    /// Use this if you refund the money at the provider or record the payment by hand.
    #[oai(path = "/:id", method = "delete", operation_id = "deleteHeldPayment")]
    async fn delete(&self, bearer: Bearer, id: Path<CheckoutId>) -> Answer<Nothing, Deleting> {
        self.0.run(bearer.0, move |work| dismiss_held_payment(work, id.0).map(drop)).await?;
        Ok(Reply::new(Nothing(())))
    }
}
