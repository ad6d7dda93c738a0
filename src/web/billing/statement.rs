//! `/clients/:id/statement`: what a client was billed and has paid.

use askama::Template;
use poem::{Response, http::StatusCode};

use crate::{
    app::statement::find_statement,
    domain::{
        error::Result,
        input::Input,
        money::Money,
        statement::{CurrencyStatement, Entry, Statement, StatementFilter},
    },
    locale::Text,
    web::{
        days::Days,
        fields::Fields,
        form::Form,
        page::{self, answer},
        shell::{Section, Shell},
        visit::Visit,
    },
};

#[derive(Template)]
#[template(path = "pages/client/statement.html")]
struct Show {
    shell: Shell,
    /// The first and last day.
    form: Form,
    days: Days,
    statement: Statement,
}

/// Shows a statement, by default for this year.
pub async fn show(visit: Visit) -> Result<Response> {
    let query = visit.query();
    let (filter, status, refused) = match StatementFilter::read(&query) {
        Ok(filter) => (filter, StatusCode::OK, None),
        Err(error) => {
            let (status, form) = visit.refused(query.clone(), error)?;
            (StatementFilter::default(), status, Some(form))
        }
    };
    let id = visit.id();
    let found = visit.read(move |work| find_statement(work, id, filter)).await;
    let (statement, status, refused) = match found {
        Ok(statement) => (statement, status, refused),
        Err(error) => {
            let (status, form) = visit.refused(query, error)?;
            let default = StatementFilter::default();
            let statement = visit.read(move |work| find_statement(work, id, default)).await?;
            (statement, status, Some(form))
        }
    };
    let shown = || Fields::default().with("from", statement.from).with("to", statement.to);
    let form = refused.unwrap_or_else(|| visit.form(shown()));
    let (shell, days) = (visit.shell(Section::Clients), Days::of(&visit)?);
    Ok(answer(status, &Show { shell, form, days, statement }))
}

/// Shows the PDF of a statement.
pub async fn pdf(visit: Visit) -> Result<Response> {
    let filter = StatementFilter::read(&visit.query())?;
    let file = visit.app.statement_pdf(visit.claims, visit.id(), filter).await?;
    Ok(page::pdf(&file.name, file.bytes))
}

impl Show {
    fn label(&self, entry: &Entry) -> Text {
        entry.posting.kind.label().with("number", &entry.posting.number)
    }

    fn money(&self, own: &CurrencyStatement, minor: &i64) -> Money {
        Money::new(*minor, own.currency)
    }
}
