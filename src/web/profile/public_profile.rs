//! `/u/<username>`: a freelancer's public profile, and a contact form.

use askama::Template;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use poem::{
    Response,
    http::{HeaderName, StatusCode, header},
};

use crate::{
    app::limit::Limit,
    domain::{
        date,
        error::{Error, Kind, Result},
        image,
        input::Input,
        limit::LimitState,
        message::NewMessage,
        profile::{Availability, Experience, PublicProfile},
    },
    http::{problem, visitor::is_person},
    locale::{Text, t},
    web::{
        avatar::Avatar,
        brand::Brand,
        cookie::{self, Notice},
        fields::Fields,
        form::Form,
        page::{answer, redirect, with_header},
        shown_work::ShownWork,
        visit::Guest,
    },
};

/// A field that is invisible to people but filled in by bots.
const TRAP: &str = "reference";
/// The maximum length in characters of the summary for search engines and previews.
const SUMMARY_MAX: usize = 160;
/// Characters of a path that are not escaped.
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_');

#[derive(Template)]
#[template(path = "pages/public_profile.html")]
struct Page {
    public: PublicProfile,
    works: Vec<ShownWork>,
    name: String,
    face: Avatar,
    form: Form,
    /// Whether a message was just sent.
    is_sent: bool,
    /// Whether the reader is the freelancer.
    is_own: bool,
    summary: String,
    since: String,
    /// The page's own address.
    address: String,
    /// A picture for previews.
    picture: Option<String>,
}

impl Page {
    fn brand(&self) -> Brand<'_> {
        Brand { name: &self.name, picture: self.face.picture, accent: self.public.accent }
    }

    /// Returns whether search engines should index the page.
    fn is_found(&self) -> bool {
        !self.works.is_empty()
            || self.public.profile.bio.as_ref().is_some_and(|b| !b.trim().is_empty())
    }

    fn open_to_work(&self, availability: &Availability) -> Text {
        match availability {
            Availability::Available => t("availability-available"),
            Availability::Busy => t("availability-busy"),
            Availability::Unavailable => t("availability-unavailable"),
        }
    }

    fn experience(&self, experience: &Experience) -> Text {
        match experience {
            Experience::Beginner => t("experience-beginner"),
            Experience::Intermediate => t("experience-intermediate"),
            Experience::Expert => t("experience-expert"),
        }
    }
}

/// Shows a profile.
pub async fn show(guest: Guest) -> Result<Response> {
    let is_sent =
        guest.notice().is_some_and(|notice| notice.text == t("public-profile-sent").to_string());
    let mut response = page(&guest, StatusCode::OK, Form::default(), is_sent).await?;
    if is_sent {
        cookie::clear_notice(&guest.app, &mut response);
    }
    Ok(response)
}

/// Sends a message to the freelancer.
pub async fn write(guest: Guest, fields: Fields) -> Result<Response> {
    // Bots get no hint that they were detected.
    let sent = if fields.get(TRAP).is_empty() { send(&guest, &fields).await } else { Ok(()) };
    match sent {
        Ok(()) => {
            let username = utf8_percent_encode(guest.param("username"), IN_PATH);
            let mut response = redirect(&format!("/u/{username}#write"));
            let text = t("public-profile-sent").into();
            let notice = Notice { text, is_error: false, undo: None };
            cookie::set_notice(&guest.app, &mut response, &notice);
            Ok(response)
        }
        Err(error) => {
            let status = problem::status(error.kind());
            let wait = match error.kind() {
                Kind::TooMany(refusal) => Some(refusal.retry_after),
                _ => None,
            };
            let form = Form::refused(fields, error)?;
            let response = page(&guest, status, form, false).await?;
            Ok(match wait {
                Some(seconds) => with_header(response, header::RETRY_AFTER, &seconds.to_string()),
                None => response,
            })
        }
    }
}

/// Counted here and not in a middleware, so that a refused sender keeps the typed text.
async fn send(guest: &Guest, fields: &Fields) -> Result<()> {
    if let Some(address) = guest.address() {
        let standing = guest.app.count_address(Limit::Message, address).await?;
        if let Some(refusal) = standing.and_then(LimitState::refusal) {
            return Err(Error::too_many(refusal));
        }
    }
    let new = NewMessage::read(fields)?;
    guest.app.send_message(guest.param("username").to_owned(), new).await
}

async fn page(guest: &Guest, status: StatusCode, form: Form, is_sent: bool) -> Result<Response> {
    let app = &guest.app;
    let viewer = guest.claims.map(|claims| claims.account);
    let username = guest.param("username").to_owned();
    let (address, device) = (guest.address(), guest.device());
    let mut public =
        app.public_profile(username, viewer, is_person(&guest.request), address, device).await?;
    let works: Vec<_> =
        std::mem::take(&mut public.portfolio).into_iter().map(ShownWork::new).collect();
    let account = &public.account;
    let avatar = account.avatar.as_deref();
    let picture = match avatar.map(image::of_url) {
        Some(Some(id)) => Some(app.image_url(id)),
        Some(None) => avatar.map(str::to_owned),
        None => works.iter().flat_map(|work| &work.pictures).map(|p| app.image_url(p.id)).next(),
    };
    let day = date::day_in(account.created_at, &account.zone.rules()?);
    let page = Page {
        name: account.name(),
        face: Avatar::of(account),
        is_own: viewer == Some(account.id),
        summary: summary(&public),
        since: day.strftime("%B %Y").to_string(),
        address: format!("{}/u/{}", app.public_url(), public.username),
        works,
        form: form.of::<NewMessage>(),
        is_sent,
        picture,
        public,
    };
    let is_found = status == StatusCode::OK && page.is_found();
    let response = answer(status, &page);
    let robots = HeaderName::from_static("x-robots-tag");
    Ok(if is_found { with_header(response, robots, "index, follow") } else { response })
}

/// Returns a one-line summary: the start of the bio, or the profession.
fn summary(public: &PublicProfile) -> String {
    let profile = &public.profile;
    let text = profile.bio.as_deref().filter(|bio| !bio.trim().is_empty());
    let text = text.or(profile.title.as_deref()).unwrap_or_default();
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(SUMMARY_MAX) {
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
        None => line,
    }
}
