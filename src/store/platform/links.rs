//! Checks that links between rows lead to rows of the same account, and that one-time actions
//! happened only once.

use crate::{
    domain::{
        error::Result,
        id::{Id, InvoiceId, InvoiceKind, MilestoneKind, Named, ProposalKind},
    },
    store::engine::{Tx, values},
};

/// Rows of a kind whose links are wrong.
macro_rules! wrong {
    ($($kind:ident $what:literal $sql:literal;)*) => {
        &[$(($what, $sql, shown::<$kind>),)*]
    };
}

type Shown = fn(&[u8]) -> String;

fn shown<K: Named>(id: &[u8]) -> String {
    Id::<K>::from_slice(id).map_or_else(String::new, |id| id.to_string())
}

/// What can be wrong, the ids of the rows, and how to show them.
const CHECKS: &[(&str, &str, Shown)] = wrong! {
    MilestoneKind "a milestone names an invoice of another account"
        "SELECT t.id FROM milestones t WHERE t.invoice_id IS NOT NULL AND NOT EXISTS \
         (SELECT 1 FROM invoices i WHERE i.id = t.invoice_id AND i.account_id = t.account_id)";
    ProposalKind "a proposal names a project of another account"
        "SELECT t.id FROM proposals t WHERE t.project_id IS NOT NULL AND NOT EXISTS \
         (SELECT 1 FROM projects p WHERE p.id = t.project_id AND p.account_id = t.account_id)";
    InvoiceKind "an invoice names a proposal of another account"
        "SELECT t.id FROM invoices t JOIN proposals p ON p.id = t.proposal_id \
         WHERE p.account_id <> t.account_id";
    InvoiceKind "a deposit is deducted in an invoice that is cancelled or of another account"
        "SELECT t.id FROM invoices t WHERE t.deducted_in IS NOT NULL AND NOT EXISTS \
         (SELECT 1 FROM invoices f WHERE f.id = t.deducted_in AND f.account_id = t.account_id \
         AND f.status <> 'cancelled')";
    InvoiceKind "a deposit is deducted by a line of an invoice that it does not name"
        "SELECT DISTINCT l.deposit_id FROM invoice_items l \
         JOIN invoices f ON f.id = l.invoice_id JOIN invoices d ON d.id = l.deposit_id \
         WHERE f.status <> 'cancelled' AND (d.deducted_in IS NULL OR d.deducted_in <> f.id)";
    InvoiceKind "a deposit names an invoice without a line that deducts it"
        "SELECT t.id FROM invoices t WHERE t.deducted_in IS NOT NULL AND NOT EXISTS \
         (SELECT 1 FROM invoice_items l WHERE l.invoice_id = t.deducted_in \
         AND l.deposit_id = t.id)";
};

/// Returns the wrong links, one per line; empty if there are none. Leaves out deleted accounts,
/// whose rows are removed step by step.
pub fn wrong(tx: &mut Tx) -> Result<Vec<String>> {
    let gone = "SELECT i.id FROM invoices i JOIN accounts a ON a.id = i.account_id \
                WHERE a.deleted_at IS NOT NULL";
    let gone: Vec<InvoiceId> = tx.list(gone, values![], |row| row.get(0))?;
    let gone: Vec<String> = gone.iter().map(ToString::to_string).collect();
    let mut findings = Vec::new();
    for (what, sql, shown) in CHECKS {
        let ids: Vec<Vec<u8>> = tx.list(sql, values![], |row| row.get(0))?;
        let ids = ids.iter().map(|id| shown(id)).filter(|id| !gone.contains(id));
        findings.extend(ids.map(|id| format!("{what}: {id}")));
    }
    Ok(findings)
}
