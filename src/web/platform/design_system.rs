//! `/design-system`: every component in all its states, in debug builds.

use askama::Template;
use poem::{Response, http::StatusCode};

use crate::{
    domain::{
        error::{Error, Result},
        money::{Currency, Money},
        rule::Rule,
    },
    web::{
        fields::Fields,
        form::Form,
        page::answer,
        shell::{Section, Shell},
        visit::Visit,
    },
};

#[derive(Template)]
#[template(path = "pages/design_system.html")]
struct Parts {
    shell: Shell,
    form: Form,
    amount: Money,
}

/// Shows the components.
pub async fn show(visit: Visit) -> Result<Response> {
    let error = Error::field("email", Rule::Email);
    let page = Parts {
        shell: visit.shell(Section::Settings),
        form: Form::refused(Fields::default().with("email", "max@nordlicht"), error)?,
        amount: Money::new(211_473, Currency::USD),
    };
    Ok(answer(StatusCode::OK, &page))
}
