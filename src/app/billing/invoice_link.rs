//! The client's link to an invoice, and when it was opened.

use crate::{
    app::{
        App, checkout::offers, if_writable, invoice::find_invoice, public_link::Target,
        reminder::reminders_of, unit_of_work::Work,
    },
    domain::{
        account::Account,
        date,
        error::{Error, Result},
        id::InvoiceId,
        invoice::{
            Invoice, InvoiceRecord, InvoiceStatus, Party, PublicInvoice, Seller, ShownInvoice,
        },
        mail::MailKind,
        outbox::Document,
        session::Claims,
    },
    mail::compose,
    pdf,
    store::{self, engine::Tx, exchange_rate::LatestRates},
};

impl App {
    /// Returns the address where the client can read an invoice; None until it is sent. An invoice
    /// sent by an older version gets its link now.
    pub async fn invoice_link(&self, claims: Claims, id: InvoiceId) -> Result<Option<String>> {
        let find = move |work: &mut Work| {
            let invoice = find_invoice(work, id)?;
            // Clients can still open a voided invoice.
            let is_unsent = match invoice.status {
                InvoiceStatus::Draft => true,
                InvoiceStatus::Cancelled => !invoice.is_voided(),
                _ => false,
            };
            Ok((is_unsent, store::invoice_link::find(work.tx, work.account, id)?))
        };
        let sealed = match self.query(claims, find).await? {
            (true, _) => return Ok(None),
            (_, Some(sealed)) => sealed,
            (_, None) => self.run(claims, move |work| give_link(work, id)).await?,
        };
        self.link_address(Target::Invoice, &id, &sealed).map(Some)
    }

    /// Returns one of the caller's invoices with its history.
    pub async fn invoice_record(&self, claims: Claims, id: InvoiceId) -> Result<InvoiceRecord> {
        let link = self.invoice_link(claims, id).await?;
        let read = move |work: &mut Work| {
            let invoice = find_invoice(work, id)?;
            let account = store::account::find(work.tx, work.account)?;
            let (seller, buyer) = parties(work.tx, &account, &invoice)?;
            let unprintable = match invoice.status {
                InvoiceStatus::Draft => {
                    pdf::missing_of_invoice(&work.env.settings.fonts, &invoice, &seller, &buyer)
                }
                _ => Vec::new(),
            };
            let project = match invoice.project_id {
                Some(id) => Error::optional(store::project::find_bare(work.tx, work.account, id))?,
                None => None,
            };
            let proposal = match invoice.proposal_id {
                Some(of) => {
                    let rates = &work.latest_rates;
                    Some(store::proposal::find(work.tx, work.account, of, rates)?)
                }
                None => None,
            };
            let milestone = store::milestone::find_of_invoice(work.tx, work.account, id)?;
            let is_overdue = invoice.due_date < work.today()?;
            let mut payments = store::payment::ledger(work.tx, work.account, id)?;
            payments.reverse();
            let mut credit_notes = store::credit_note::list_of_invoice(work.tx, work.account, id)?;
            credit_notes.reverse();
            Ok(InvoiceRecord {
                payments,
                credit_notes,
                reminders: reminders_of(work, &invoice)?,
                held: store::checkout::list_held_of_invoice(work.tx, work.account, id)?,
                subject: compose::invoice_subject(MailKind::Invoice, &invoice, &seller, is_overdue),
                project: project.map(|project| (project.id, project.name)),
                proposal: proposal.map(|proposal| (proposal.id, proposal.title)),
                milestone,
                deposits: store::deposit::list_deducted(work.tx, id)?,
                seller,
                buyer,
                link: link.clone(),
                times: store::invoice_link::find_times(work.tx, work.account, id)?,
                mails: store::outbox::list_about(work.tx, Document::Invoice(id))?,
                payment_link: work.env.shown_payment_link(&invoice),
                has_payment_service: work.env.settings.payment_link_base.is_some(),
                unprintable,
                shown: ShownInvoice::on(work.today()?, invoice),
            })
        };
        self.query(claims, read).await
    }

    /// Returns the invoice behind a link.
    pub async fn public_invoice(&self, token: &str) -> Result<PublicInvoice> {
        let now = self.now();
        let mut public = self
            .read_linked(token, move |tx, account, id| {
                let rates = LatestRates::new(account.id, account.currency);
                let invoice = store::invoice::find(tx, account.id, id, &rates)?;
                let (seller, buyer) = parties(tx, &account, &invoice)?;
                let today = date::day_in(now, &account.zone.rules()?);
                let ShownInvoice { invoice, status } = ShownInvoice::on(today, invoice);
                let (zone, payment_link) = (account.zone, None);
                let providers = offers(tx, account.id, &invoice)?;
                Ok(PublicInvoice { invoice, status, seller, buyer, payment_link, providers, zone })
            })
            .await?;
        public.payment_link = self.shown_payment_link(&public.invoice);
        Ok(public)
    }

    /// Records that someone other than the owner opened a link. Only the first time counts.
    pub async fn see_invoice(&self, token: &str) -> Result<()> {
        let now = self.now();
        let unseen = self
            .read_linked(token, |tx, account, id| {
                let times = store::invoice_link::find_times(tx, account.id, id)?;
                Ok(times.viewed_at.is_none().then_some(id))
            })
            .await?;
        // Only the first opening needs a write.
        match unseen {
            Some(id) => {
                let mark = move |tx: &mut Tx| store::invoice_link::mark_viewed(tx, id, now);
                if_writable(self.store.write(mark).await)
            }
            None => Ok(()),
        }
    }

    /// Reads with the owner and id of the invoice behind a token. The owner's account must be
    /// usable.
    pub(in crate::app) async fn read_linked<T: Send + 'static>(
        &self,
        token: &str,
        read: impl Fn(&mut Tx, Account, InvoiceId) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let hash = Target::Invoice.hash(self.keys()?, token);
        let unknown = || Error::not_found("error-invoice-not-found");
        self.store
            .read(move |tx| {
                let (account, id) =
                    store::invoice_link::find_linked(tx, &hash)?.ok_or_else(unknown)?;
                let account = store::account::find(tx, account)?;
                if account.is_active() { read(tx, account, id) } else { Err(unknown()) }
            })
            .await
    }
}

/// Returns the sealed link of an invoice, creating it if needed.
pub(in crate::app) fn give_link(work: &mut Work, id: InvoiceId) -> Result<Vec<u8>> {
    // Another request may have been faster.
    if let Some(sealed) = store::invoice_link::find(work.tx, work.account, id)? {
        return Ok(sealed);
    }
    let link = work.env.new_public_link(Target::Invoice, &id)?;
    store::invoice_link::set(work.tx, id, &link.hash, &link.sealed)?;
    Ok(link.sealed)
}

/// Returns both parties of an invoice: as frozen, or as of now before that.
pub(in crate::app) fn parties(
    tx: &mut Tx,
    account: &Account,
    invoice: &Invoice,
) -> Result<(Seller, Party)> {
    let seller = match store::invoice::find_seller(tx, account.id, invoice.id)? {
        Some(seller) => seller,
        None => Seller::new(account, &store::invoice_defaults::find(tx, account.id)?),
    };
    let buyer = match (&invoice.buyer, &invoice.client) {
        (Some(buyer), _) => buyer.clone(),
        (None, Some(client)) => Party::of_client(client),
        (None, None) => return Err(Error::internal("an invoice was read without its client")),
    };
    Ok((seller, buyer))
}
