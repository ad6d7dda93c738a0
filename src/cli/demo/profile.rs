//! What the demo's freelancer shows of herself, and who wrote to her.

use serde_json::json;

use super::history::object;
use crate::{
    app::{App, unit_of_work::Who},
    domain::{error::Result, message::NewMessage, portfolio::Work, profile::ProfileChange},
};

/// Fills in the profile, the portfolio and the messages. A username that another account of the
/// same database has already is left out.
pub async fn fill(app: &App, who: Who, username: &str) -> Result<()> {
    let profile = object(json!({
        "title": "Product designer and web developer",
        "bio": "I design and build websites and apps for shops, schools and clinics in West \
            Africa, and I stay until they work.",
        "hourlyRate": {"amount": 45, "currency": "USD"},
        "skills": ["UI design", "User interviews", "HTML and CSS", "TypeScript", "Accessibility"],
        "availability": "available",
        "experience": "expert",
        "phone": "+2348012345678",
        "location": {"country": "Nigeria", "city": "Lagos"},
    }));
    app.update_profile(who, ProfileChange::read(&profile)?, None).await?;
    for work in [
        json!({
            "title": "Booking app for a clinic",
            "description": "Patients choose a time on their phone; the front desk sees it at once.",
            "technologies": ["TypeScript", "PostgreSQL"],
            "links": [{"type": "live", "url": "https://clinic.example.com"}],
        }),
        json!({
            "title": "Shop for hand-woven cloth",
            "description": "Photographs, a cart and payment by transfer, in English and French.",
            "technologies": ["HTML and CSS", "Photography"],
            "links": [{"type": "live", "url": "https://cloth.example.com"}],
        }),
    ] {
        app.create_portfolio_item(who, Work::read(&object(work))?).await?;
    }
    let named = object(json!({ "username": username }));
    if app.update_profile(who, ProfileChange::read(&named)?, None).await.is_err() {
        return Ok(());
    }
    for (name, email, message) in [
        ("Ngozi Eze", "ngozi@example.com", "Hello Amara, do you have time for a website in May?"),
        ("Ruwan Silva", "ruwan@example.com", "Could you give a workshop for our team in Colombo?"),
    ] {
        let new = object(json!({"name": name, "email": email, "message": message}));
        app.send_message(username.to_owned(), NewMessage::read(&new)?).await?;
    }
    Ok(())
}
