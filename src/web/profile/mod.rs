//! `/profile`: the freelancer's profile.

pub mod message;
pub mod portfolio;
pub mod public_profile;

use askama::Template;
use poem::{Response, http::StatusCode};

use crate::{
    app::{
        image::set_avatar,
        profile::{find_profile, update_profile},
    },
    domain::{
        account::Account,
        error::{Error, Kind, Result},
        image::ImagePurpose,
        input::Input,
        profile::{Availability, Experience, OwnProfile, Profile, ProfileChange},
        rule::Rule,
    },
    locale::{Text, t},
    web::{
        avatar::Avatar,
        fields::Fields,
        form::Form,
        page::answer,
        shell::{Section, Shell},
        visit::Visit,
    },
};

#[derive(Template)]
#[template(path = "pages/profile/edit.html")]
struct Edit<'a> {
    shell: Shell,
    form: Form,
    /// The form that uploads a picture.
    picture: Form,
    face: Avatar,
    own: &'a OwnProfile,
    /// The missing parts, and where to add them.
    missing: Vec<(Text, &'static str)>,
    /// The public address of the profile, up to the username.
    address: String,
}

impl Edit<'_> {
    fn availabilities(&self) -> Vec<(String, String)> {
        choices(Availability::WORDS)
    }

    fn experiences(&self) -> Vec<(String, String)> {
        choices(Experience::WORDS)
    }
}

/// Shows the form of the profile.
pub async fn edit(visit: Visit) -> Result<Response> {
    let own = visit.read(find_profile).await?;
    let form = visit.form(filled(&own.account, &own.profile).versioned());
    Ok(page(&visit, StatusCode::OK, &own, form, visit.form(Fields::default())))
}

/// Changes the profile.
pub async fn update(visit: Visit, fields: Fields) -> Result<Response> {
    let own = visit.read(find_profile).await?;
    let shown = |(account, profile): &(Account, Profile)| filled(account, profile);
    match visit.change(change(&fields, &own), fields.expected(shown), update_profile).await {
        Ok(()) => Ok(visit.done("/profile", t("profile-saved"))),
        Err(error) => {
            let own = visit.read(find_profile).await?;
            let stored = filled(&own.account, &own.profile);
            let (status, form) = visit.refused_change(fields, taken(error), stored)?;
            Ok(page(&visit, status, &own, form, visit.form(Fields::default())))
        }
    }
}

/// Sets the freelancer's picture.
pub async fn set_picture(visit: Visit, mut fields: Fields) -> Result<Response> {
    let (app, claims) = (&visit.app, visit.claims);
    let own = visit.read(find_profile).await?;
    let bytes = fields.take_upload().unwrap_or_default();
    let set = async {
        let id = app.upload_image(claims, ImagePurpose::Avatar, bytes).await?;
        app.run(claims, move |work| set_avatar(work, Some(id))).await
    };
    match set.await {
        Ok(()) => Ok(visit.done("/profile", t("profile-photo-saved"))),
        Err(error) => {
            let (status, picture) = visit.refused(fields, error)?;
            let form = visit.form(filled(&own.account, &own.profile).versioned());
            Ok(page(&visit, status, &own, form, picture))
        }
    }
}

/// Removes the picture.
pub async fn remove_picture(visit: Visit, _: Fields) -> Result<Response> {
    visit.app.run(visit.claims, |work| set_avatar(work, None)).await?;
    Ok(visit.done("/profile", t("profile-photo-removed")))
}

fn page(
    visit: &Visit,
    status: StatusCode,
    own: &OwnProfile,
    form: Form,
    picture: Form,
) -> Response {
    let edit = Edit {
        shell: visit.shell(Section::Profile),
        form: form.of::<ProfileChange>(),
        picture,
        face: Avatar::of(&own.account),
        own,
        missing: own.completion.missing.iter().filter_map(|part| place(part)).collect(),
        address: format!("{}/u/", visit.app.public_url()),
    };
    answer(status, &edit)
}

/// Returns the form of a profile with its current values.
fn filled(account: &Account, profile: &Profile) -> Fields {
    let rate = profile.hourly_rate;
    let location = account.location.as_ref();
    Fields::default()
        .with_some("username", account.username.as_ref())
        .with_some("title", profile.title.as_ref())
        .with_some("bio", profile.bio.as_ref())
        .with_some("hourlyRate.amount", rate.map(|rate| rate.decimal()))
        .with("hourlyRate.currency", rate.map_or(account.currency, |rate| rate.currency))
        .with("skills", words(&profile.skills))
        .with_some("availability", profile.availability.map(Availability::as_str))
        .with_some("experience", profile.experience.map(Experience::as_str))
        .with_some("phone", account.phone.as_ref())
        .with_some("location.country", location.map(|location| &location.country))
        .with_some("location.city", location.and_then(|location| location.city.as_ref()))
}

/// Returns the changes of the form. Values it does not show completely stay unless they were
/// edited: a place's coordinates, a skill that contains a comma.
fn change(fields: &Fields, own: &OwnProfile) -> Result<ProfileChange> {
    let shown = filled(&own.account, &own.profile);
    let is_untouched = |names: &[&str]| names.iter().all(|name| same(fields, &shown, name));
    let mut without = Vec::new();
    if own.account.username.is_none() && fields.get("username").trim().is_empty() {
        without.push("username");
    }
    if is_untouched(&["location.country", "location.city"]) {
        without.extend(["location.country", "location.city"]);
    }
    if is_untouched(&["skills"]) {
        without.push("skills");
    }
    // A currency alone is not a rate.
    let code = match fields.get("hourlyRate.amount").trim() {
        "" => String::new(),
        _ => fields.get("hourlyRate.currency").to_uppercase(),
    };
    ProfileChange::read(&fields.clone().replaced("hourlyRate.currency", &code).without(&without))
}

fn same(one: &Fields, other: &Fields, name: &str) -> bool {
    one.get(name).trim() == other.get(name).trim()
}

/// Joins words for a form, which splits them again.
pub fn words(words: &[String]) -> String {
    words.join(", ")
}

/// Reports a taken username at its field.
fn taken(error: Error) -> Error {
    match error.kind() {
        Kind::Conflict => Error::field("username", Rule::Taken).caused_by(error),
        _ => error,
    }
}

/// Returns the name of a part of the profile, and where to fill it in.
fn place(part: &str) -> Option<(Text, &'static str)> {
    Some(match part {
        "avatar" => (t("photo"), "#picture"),
        "title" => (t("job-title"), "#f-title"),
        "bio" => (t("bio"), "#f-bio"),
        "hourlyRate" => (t("hourly-rate"), "#f-hourlyRate.amount"),
        "skills" => (t("skills"), "#f-skills"),
        "availability" => (t("availability"), "#f-availability"),
        "experience" => (t("experience"), "#f-experience"),
        "location" => (t("location"), "#f-location.country"),
        "phone" => (t("phone"), "#f-phone"),
        "portfolio" => (t("portfolio"), "/profile/portfolio/new"),
        _ => return None,
    })
}

/// Returns choices with an empty first one.
fn choices(words: &[&str]) -> Vec<(String, String)> {
    let shown = |word: &str| {
        let (first, rest) = word.split_at(word.len().min(1));
        (word.to_owned(), first.to_uppercase() + rest)
    };
    let nothing = (String::new(), t("not-specified").into());
    [nothing].into_iter().chain(words.iter().map(|word| shown(word))).collect()
}
