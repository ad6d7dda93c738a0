//! Answers of PDF.

use poem::{IntoResponse, Response, http::header::CONTENT_DISPOSITION};
use poem_openapi::{
    ApiResponse,
    payload::{Binary, Payload},
    registry::{MetaMediaType, MetaResponse, MetaResponses, Registry},
};

use super::answer::{header, response};

const PDF: &str = "application/pdf";

/// A PDF to be saved under a name.
#[derive(Debug)]
pub struct Pdf {
    /// Of letters, digits, dots and hyphens.
    pub name: String,
    pub bytes: Vec<u8>,
}

impl IntoResponse for Pdf {
    fn into_response(self) -> Response {
        Response::builder()
            .content_type(PDF)
            .header(CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", self.name))
            .body(self.bytes)
    }
}

impl ApiResponse for Pdf {
    fn meta() -> MetaResponses {
        let name = header::<String>("Content-Disposition", "Names the file after the invoice");
        let bytes = Binary::<Vec<u8>>::schema_ref();
        let pdf = MetaResponse {
            content: vec![MetaMediaType { content_type: PDF, schema: bytes }],
            headers: vec![name],
            ..response::<String>(200, "OK")
        };
        MetaResponses { responses: vec![pdf] }
    }

    fn register(_registry: &mut Registry) {}
}
