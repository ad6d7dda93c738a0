//! Links that start an email in the reader's email program.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Characters of an email address that are not escaped.
const ADDRESS: &AsciiSet = &NON_ALPHANUMERIC.remove(b'@').remove(b'.').remove(b'-').remove(b'_');

/// Returns a link to a prepared email; email programs expect CRLF line breaks.
pub fn mailto(to: &str, subject: &str, body: &str) -> String {
    let to = utf8_percent_encode(to, ADDRESS);
    let subject = utf8_percent_encode(subject, NON_ALPHANUMERIC);
    let body = body.replace("\r\n", "\n").replace('\n', "\r\n");
    let body = utf8_percent_encode(&body, NON_ALPHANUMERIC);
    format!("mailto:{to}?subject={subject}&body={body}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_fields_cannot_be_injected() {
        let link = mailto("a+b@x.co?bcc=e@x.co", "A & B", "One\nTwo&cc=e@x.co");
        let expected = "mailto:a%2Bb@x.co%3Fbcc%3De@x.co?subject=A%20%26%20B\
            &body=One%0D%0ATwo%26cc%3De%40x%2Eco";
        assert_eq!(link, expected);
    }
}
