//! Query plans for pages beyond the documented routes: always an index.

use freelanceos::{
    domain::{
        id::ImageId, money::Currency, page::Page, project::ProjectFilter, proposal::ProposalFilter,
    },
    store::{self, exchange_rate::LatestRates},
};

use super::recorder::{asked_by, assert_indexed, id};
use crate::support::Home;

#[test]
fn frames_pictures_and_searches_use_an_index() {
    let home = Home::new();
    let database = home.database();
    let account = id(1);
    let asked = asked_by(database, |tx| {
        store::account::any(tx)?;
        store::account::find_owner(tx)?;
        store::quota::count_rows(tx, account, 500)?;
        store::message::count_unread(tx, account)?;
        store::two_factor::find(tx, account)?;

        store::client::list_open(tx, account, id(5), 500)?;

        store::image::find(tx, id(5))?;
        store::image::find_public(tx, id(5))?;
        store::image::find_purpose(tx, account, id(5))?;
        store::image::usage(tx, account)?;
        store::image::list_between(tx, ImageId::NIL, id(9), 100)?;
        store::image::delete(tx, account, id(5))?;

        let rates = LatestRates::new(account, Currency::USD);
        store::exchange_rate::delete(tx, account, Currency::USD, Currency::USD)?;
        let page = Page { number: 1, size: 10 };
        let search = Some("a".to_owned());
        let projects =
            ProjectFilter { status: None, client_id: None, search: search.clone(), page };
        store::project::list(tx, account, &projects, &rates)?;
        let proposals = ProposalFilter { status: None, client_id: None, search, page };
        store::proposal::list(tx, account, &proposals, &rates).map(drop)
    });
    assert!(asked.len() >= 14, "{asked:#?}");
    assert_indexed(database, &asked);
}
