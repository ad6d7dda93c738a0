//! What the selects of forms offer.

use super::visit::Visit;
use crate::domain::{
    client::ClientFilter,
    error::Result,
    money::Currency,
    page::{Listing, Page},
    project::ProjectFilter,
};

/// Values and what is read for them, in the order of a select.
pub type Choices = Vec<(String, String)>;

/// Rows asked for at once.
const AT_ONCE: u32 = 100;
/// Most rows that a select offers: the newest.
const MOST: usize = 1000;

/// Every client of the reader, by name.
pub async fn clients(visit: &Visit) -> Result<Choices> {
    let (mut choices, mut seen) = (Choices::new(), 0);
    for number in 1.. {
        let filter = ClientFilter { search: None, page: Page { number, size: AT_ONCE } };
        let listing = visit.app.list_clients(visit.claims, filter).await?;
        seen += listing.entries.len();
        choices.extend(listing.entries.iter().map(|client| {
            let name = &client.details.name;
            let company = client.details.company.as_ref().filter(|company| *company != name);
            let shown =
                company.map_or_else(|| name.clone(), |company| format!("{name} · {company}"));
            (client.id.to_string(), shown)
        }));
        if is_last(seen, &listing) {
            break;
        }
    }
    Ok(by_name(choices))
}

/// Every project of the reader, by name.
pub async fn projects(visit: &Visit) -> Result<Choices> {
    let (mut choices, mut seen) = (Choices::new(), 0);
    for number in 1.. {
        let page = Page { number, size: AT_ONCE };
        let filter = ProjectFilter { status: None, client_id: None, search: None, page };
        let listing = visit.app.list_projects(visit.claims, filter).await?;
        seen += listing.entries.len();
        choices.extend(listing.entries.iter().map(|project| {
            let client = project.client.as_ref().map(|client| &client.details.name);
            let of = client.map_or_else(String::new, |client| format!(" · {client}"));
            (project.id.to_string(), format!("{}{of}", project.name))
        }));
        if is_last(seen, &listing) {
            break;
        }
    }
    Ok(by_name(choices))
}

/// Every currency, that of the account first.
pub fn currencies(first: Currency) -> Choices {
    let others = Currency::all().iter().copied().filter(|currency| *currency != first);
    let shown = |currency: Currency| format!("{currency} – {}", currency.name());
    [first].into_iter().chain(others).map(|c| (c.code().to_owned(), shown(c))).collect()
}

/// Whether nothing more is to be read after this page; a row may have gone meanwhile.
fn is_last<T>(seen: usize, listing: &Listing<T>) -> bool {
    seen >= MOST || listing.entries.len() < AT_ONCE as usize
}

fn by_name(mut choices: Choices) -> Choices {
    choices.sort_by_cached_key(|(_, shown)| shown.to_lowercase());
    choices
}
