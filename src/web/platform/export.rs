//! `/settings/data/export…`: data export.

use poem::{Body, Response, http::header};

use crate::{
    app::export::Export,
    domain::{
        error::{Error, Result},
        export::ExportList,
    },
    web::{page::with_header, visit::Visit},
};

const CSV: &str = "text/csv; charset=utf-8";

/// Exports everything as one document.
pub async fn document(visit: Visit) -> Result<Response> {
    let export = visit.app.export(visit.claims, None).await?;
    let name = format!("freelanceos-{}.json", visit.today()?);
    Ok(download(&visit, export, "application/json", &name))
}

/// Exports a list as a table: `clients.csv`.
pub async fn table(visit: Visit) -> Result<Response> {
    let list = visit.param("list").strip_suffix(".csv").and_then(ExportList::from_word);
    let list = list.ok_or_else(|| Error::not_found("error-page-not-found"))?;
    let export = visit.app.export(visit.claims, Some(list)).await?;
    let name = format!("{}-{}.csv", list.as_str(), visit.today()?);
    Ok(download(&visit, export, CSV, &name))
}

/// Returns a table of invoices as a download.
pub fn invoices(visit: &Visit, export: Export) -> Result<Response> {
    let name = format!("{}-{}.csv", ExportList::Invoices.as_str(), visit.today()?);
    Ok(download(visit, export, CSV, &name))
}

/// Returns an export as a download that is generated while it is sent.
fn download(visit: &Visit, export: Export, content_type: &'static str, name: &str) -> Response {
    let stream = export.into_stream(visit.app.clone());
    let response =
        Response::builder().content_type(content_type).body(Body::from_bytes_stream(stream));
    let disposition = format!("attachment; filename=\"{name}\"");
    with_header(response, header::CONTENT_DISPOSITION, &disposition)
}
