//! Profiles: what a freelancer shows of oneself.

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::{
    account::{Account, Location},
    error::{Error, Result},
    form::{Form, Object, Read},
    money::{self, Currency, Money},
    patch::Patch,
    portfolio::PortfolioItem,
    rule::Rule,
    text,
    word::words,
};

/// How many skills a profile names at most.
pub const SKILLS_MAX: usize = 50;
/// Longest name of a skill or technology, in characters.
pub const SKILL_MAX: usize = 50;

words! {
    /// Whether a freelancer takes on work.
    Availability {
        Available "available",
        Busy "busy",
        Unavailable "unavailable",
    }
}

words! {
    /// How much a freelancer has done before.
    Experience {
        Beginner "beginner",
        Intermediate "intermediate",
        Expert "expert",
    }
}

/// What a freelancer says of oneself beyond the account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Profile {
    pub bio: Option<String>,
    pub title: Option<String>,
    pub hourly_rate: Option<Money>,
    pub skills: Vec<String>,
    pub availability: Option<Availability>,
    pub experience: Option<Experience>,
}

/// A profile as its owner sees it.
#[derive(Debug, Clone)]
pub struct OwnProfile {
    pub account: Account,
    pub profile: Profile,
    pub completion: Completion,
}

/// A profile as everybody sees it.
#[derive(Debug, Clone)]
pub struct PublicProfile {
    pub username: String,
    pub account: Account,
    pub profile: Profile,
    /// Newest first.
    pub portfolio: Vec<PortfolioItem>,
}

/// How much of a profile is filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// Whole percent.
    pub percent: usize,
    pub missing: Vec<&'static str>,
}

impl Completion {
    /// Each of these counts the same.
    pub fn new(account: &Account, profile: &Profile, has_portfolio: bool) -> Self {
        let has_text = |text: &Option<String>| text.as_ref().is_some_and(|t| !t.trim().is_empty());
        let parts = [
            ("avatar", account.avatar.is_some()),
            ("title", profile.title.is_some()),
            ("bio", has_text(&profile.bio)),
            ("hourlyRate", profile.hourly_rate.is_some()),
            ("skills", !profile.skills.is_empty()),
            ("availability", profile.availability.is_some()),
            ("experience", profile.experience.is_some()),
            ("location", account.location.is_some()),
            ("phone", account.phone.is_some()),
            ("portfolio", has_portfolio),
        ];
        let missing: Vec<_> =
            parts.iter().filter(|(_, is_there)| !is_there).map(|(name, _)| *name).collect();
        Self { percent: (parts.len() - missing.len()) * 100 / parts.len(), missing }
    }
}

/// An hourly rate as it was sent.
#[derive(Debug, Clone, Copy)]
struct Rate {
    amount: Decimal,
    /// That of the rate before, or the account's, where none is given.
    currency: Option<Currency>,
}

impl Rate {
    fn read(form: &mut Form) -> Read<Self> {
        let amount = form.required("amount", money::amount);
        let currency = form.optional("currency", Currency::read);
        Ok(Self { amount: amount?, currency: currency? })
    }

    fn money(self, otherwise: Currency) -> Result<Money> {
        Money::exact(self.amount, self.currency.unwrap_or(otherwise))
            .map_err(|rule| Error::field("hourlyRate.amount", rule))
    }
}

/// A change of one's own profile.
#[derive(Debug, Clone)]
pub struct ProfileChange {
    bio: Patch<String>,
    title: Patch<String>,
    hourly_rate: Patch<Rate>,
    skills: Patch<Vec<String>>,
    availability: Patch<Availability>,
    experience: Patch<Experience>,
    username: Option<String>,
    phone: Patch<String>,
    location: Patch<Location>,
    avatar: Patch<String>,
}

impl ProfileChange {
    pub fn read(object: &Object) -> Result<Self> {
        Form::read(object, |form| {
            let bio = form.patch("bio", text::free(text::FREE_MAX));
            let title = form.patch("title", text::line(text::NAME_MAX));
            let hourly_rate = form.object("hourlyRate", Rate::read);
            let skills = read_skills(form);
            let availability = form.patch("availability", Availability::read);
            let experience = form.patch("experience", Experience::read);
            let username = form.change_or("username", None, text::username);
            let phone = form.patch("phone", text::phone);
            let location = form.object("location", Location::read);
            let avatar = form.patch("avatar", text::url);
            Ok(Self {
                bio: bio?,
                title: title?,
                hourly_rate: form.patched("hourlyRate", hourly_rate)?,
                skills: form.patched("skills", skills)?,
                availability: availability?,
                experience: experience?,
                username: username?,
                phone: phone?,
                location: form.patched("location", location)?,
                avatar: avatar?,
            })
        })
    }

    /// Makes the change.
    pub fn apply(self, account: &mut Account, profile: &mut Profile) -> Result<()> {
        let hourly_rate = match self.hourly_rate {
            Patch::Keep => Patch::Keep,
            Patch::Clear => Patch::Clear,
            Patch::Set(rate) => {
                let stored = profile.hourly_rate.map(|rate| rate.currency);
                Patch::Set(rate.money(stored.unwrap_or(account.currency))?)
            }
        };
        profile.bio = self.bio.apply(profile.bio.take());
        profile.title = self.title.apply(profile.title.take());
        profile.hourly_rate = hourly_rate.apply(profile.hourly_rate);
        let skills = std::mem::take(&mut profile.skills);
        profile.skills = self.skills.apply(Some(skills)).unwrap_or_default();
        profile.availability = self.availability.apply(profile.availability);
        profile.experience = self.experience.apply(profile.experience);
        account.username = self.username.or(account.username.take());
        account.phone = self.phone.apply(account.phone.take());
        account.location = self.location.apply(account.location.take());
        account.avatar = self.avatar.apply(account.avatar.take());
        Ok(())
    }
}

/// Reads skills, each named once whatever its case.
fn read_skills(form: &mut Form) -> Read<Option<Vec<String>>> {
    let skills = form.list("skills", SKILLS_MAX, text::line(SKILL_MAX))?;
    let mut seen = Vec::new();
    for (index, skill) in skills.iter().flatten().enumerate() {
        let key = text::fold(skill);
        if seen.contains(&key) {
            form.fail(format!("skills[{index}]"), Rule::Duplicate);
        }
        seen.push(key);
    }
    Ok(skills)
}

/// Looks at a public profile by one visitor on one day.
#[derive(Debug, Clone)]
pub struct Visit {
    /// The day in the freelancer's timezone.
    pub day: Date,
    /// A keyed hash, of which nobody can tell who it was.
    pub visitor: [u8; 32],
}
