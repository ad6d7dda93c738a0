//! PDF responses.

use poem::{IntoResponse, Response, http::header::CONTENT_DISPOSITION};
use poem_openapi::{
    ApiResponse,
    payload::{Binary, Payload},
    registry::{MetaMediaType, MetaResponse, MetaResponses, Registry},
};

use super::answer::{header, response};
use crate::domain::pdf_file::PdfFile;

const PDF: &str = "application/pdf";

impl IntoResponse for PdfFile {
    fn into_response(self) -> Response {
        Response::builder()
            .content_type(PDF)
            .header(CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", self.name))
            .body(self.bytes)
    }
}

impl ApiResponse for PdfFile {
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
