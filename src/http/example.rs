//! Example responses, generated from their schemas.

use poem::http::StatusCode;
use serde_json::{Map, Value, json};

/// Example values for fields whose schema leaves them open: field names and JSON.
const FIELDS: &[(&str, &str)] = &[
    (
        "accessToken access_token token",
        r#""eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ0eXAiOiJhY2Nlc3MifQ.c2lnbmVk""#,
    ),
    (
        "refreshToken refresh_token",
        r#""eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ0eXAiOiJyZWZyZXNoIn0.c2lnbmVk""#,
    ),
    ("expiresIn", "3600"),
    ("userId", r#""user_01km0d29g0fdarcs5ctw6pmk39""#),
    ("clientId", r#""client_01km0d29g0fdarcs5ctw6pmk3b""#),
    ("projectId", r#""proj_01km0d29g0fvra15dcjmgjwv5z""#),
    ("invoiceId entityId", r#""inv_01kn3204c0fp0ba7h7ww5tjkrv""#),
    ("email", r#""user@example.com""#),
    ("name clientName", r#""TechStart Nigeria""#),
    ("company", r#""TechStart Nigeria Ltd""#),
    ("phone", r#""+2348023456789""#),
    ("country", r#""NG""#),
    ("city", r#""Lagos""#),
    ("firstName", r#""John""#),
    ("lastName", r#""Doe""#),
    ("username", r#""johndoe123""#),
    ("currency", r#""USD""#),
    ("timezone", r#""Africa/Lagos""#),
    ("avatar profilePicture", r#""https://example.com/avatar.png""#),
    ("number", r#""INV-2026-001""#),
    ("title projectTitle", r#""E-commerce Redesign""#),
    ("description", r#""Complete website overhaul""#),
    ("content", r#""What is offered, and by when.""#),
    ("notes", r#""Payment due within 15 days""#),
    ("paymentLink link", r#""https://pay.raenest.com/fos-inv_01kn3204c0fp0ba7h7ww5tjkrv-abc123""#),
    ("month", r#""Mar 2026""#),
    ("url", r#""https://example.com/shop""#),
    ("amount subtotal rate", "2250"),
    ("taxRate taxAmount overdueInvoicesAmount overdueInvoices", "0"),
    ("quantity", "1"),
    ("budget", "4500"),
    ("earningsGrowth", "23.5"),
    ("pageSize", "10"),
    ("isOverdue", "false"),
    ("unread", "true"),
    ("successRate", "95"),
    ("proposalAcceptanceRate", "72"),
    ("profileCompletion", "80"),
    ("missing", r#"["avatar", "portfolio"]"#),
    ("qrCode", r#""data:image/png;base64,iVBORw0KGgo=""#),
    ("secret", r#""GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ""#),
    ("backupCodes", r#"["a1b2c3d4", "e5f6g7h8"]"#),
    ("message", r#""Done""#),
];

/// The prefix of an id, by its schema.
const IDS: &[(&str, &str)] = &[
    ("Client", "client"),
    ("Project", "proj"),
    ("Milestone", "ms"),
    ("Invoice", "inv"),
    ("InvoiceItem", "item"),
    ("Proposal", "prop"),
    ("Activity", "act"),
    ("ActivityItem", "act"),
    ("Deadline", "proj"),
];

/// The message of a response with this status.
fn message(status: StatusCode) -> &'static str {
    match status {
        StatusCode::BAD_REQUEST => "email must be a valid email address",
        StatusCode::UNAUTHORIZED => "Authentication required",
        StatusCode::FORBIDDEN => "This is for freelancers only",
        StatusCode::NOT_FOUND => "Not found",
        StatusCode::CONFLICT => "This exists already, or its state forbids this",
        StatusCode::PAYLOAD_TOO_LARGE => "Payload Too Large",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "Content-Type must be application/json",
        StatusCode::TOO_MANY_REQUESTS => "Too many requests, please try again later",
        StatusCode::SERVICE_UNAVAILABLE => "The request took too long, please try again",
        _ => "Internal server error",
    }
}

/// Generates examples from the schemas of a document.
pub struct Examples<'a> {
    /// The schemas by name.
    pub schemas: &'a Value,
}

impl Examples<'_> {
    /// A response with this status and schema.
    pub fn answer(&self, schema: &Value, status: u16) -> Value {
        let status = StatusCode::from_u16(status).unwrap_or_default();
        let answer = self.value("", "", schema);
        if status.is_success() { answer } else { self.failure(answer, status) }
    }

    /// An error generated from its schema, with the parts that depend on its status.
    fn failure(&self, mut answer: Value, status: StatusCode) -> Value {
        let Some(fields) = answer.as_object_mut() else { return answer };
        let is_envelope = fields.contains_key("success");
        let is_invalid = status == StatusCode::BAD_REQUEST;
        for (name, value) in fields.iter_mut() {
            match name.as_str() {
                "statusCode" => *value = status.as_u16().into(),
                "error" if !is_envelope => {
                    *value = status.canonical_reason().unwrap_or("Error").into();
                }
                "error" | "message" => *value = message(status).into(),
                "details" if is_invalid => *value = json!([message(status)]),
                _ => {}
            }
        }
        if fields.contains_key("details") && is_invalid {
            fields.insert("message".to_owned(), "Validation failed".into());
        } else {
            fields.remove("details");
        }
        fields.remove("twoFactorRequired");
        answer
    }

    /// A value of this schema for the field `name` of the schema `of`.
    fn value(&self, of: &str, name: &str, schema: &Value) -> Value {
        if let Some(reference) = schema["$ref"].as_str() {
            let of = reference.rsplit('/').next().unwrap_or_default();
            return self.value(of, name, &self.schemas[of]);
        }
        for several in ["allOf", "oneOf", "anyOf"] {
            if let Some(first) = schema[several].get(0) {
                return self.value(of, name, first);
            }
        }
        if let Some(word) = schema["enum"].get(0) {
            return word.clone();
        }
        match schema["type"].as_str() {
            Some("object") => self.object(of, schema),
            // An array without a known example has one item.
            Some("array") => known(name)
                .filter(Value::is_array)
                .unwrap_or_else(|| json!([self.value(of, "", &schema["items"])])),
            Some("string") => string(of, name, schema),
            Some("boolean") => known(name).filter(Value::is_boolean).unwrap_or_else(|| true.into()),
            Some(_) => known(name).filter(Value::is_number).unwrap_or_else(|| 1.into()),
            None => Value::Null,
        }
    }

    fn object(&self, of: &str, schema: &Value) -> Value {
        let named = schema["properties"].as_object().into_iter().flatten();
        let mut fields: Map<_, _> =
            named.map(|(name, schema)| (name.clone(), self.value(of, name, schema))).collect();
        // Amounts by currency.
        if schema["additionalProperties"].is_object() {
            fields.insert("XOF".to_owned(), 50_000.into());
        }
        if schema["nullable"] == true && fields.is_empty() { Value::Null } else { fields.into() }
    }
}

fn known(name: &str) -> Option<Value> {
    let (_, json) = FIELDS.iter().find(|(names, _)| names.split(' ').any(|known| known == name))?;
    serde_json::from_str(json).ok()
}

fn string(of: &str, name: &str, schema: &Value) -> Value {
    if schema["format"] == "date-time" {
        let is_day = matches!(name, "date" | "deadline" | "issueDate" | "dueDate" | "validUntil");
        return if is_day { "2026-04-15T00:00:00Z" } else { "2026-03-18T09:30:00Z" }.into();
    }
    if name == "id" {
        let prefix = IDS.iter().find(|(known, _)| *known == of).map_or("user", |(_, id)| id);
        return format!("{prefix}_01km0d29g0fdarcs5ctw6pmk39").into();
    }
    known(name).filter(Value::is_string).unwrap_or_else(|| "text".into())
}
