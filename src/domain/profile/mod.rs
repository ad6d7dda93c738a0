//! Profiles: how freelancers present themselves.

pub mod message;
pub mod portfolio;

use jiff::civil::Date;
use serde_json::Value;

use crate::domain::{
    accent::Accent,
    account::{Account, Location},
    error::{Error, Result},
    form::{Form, Read},
    input::{Inherited, Kind, List, One, Optional, OrEmpty, Required, Shape, input},
    money::{Amount, Currency, Money},
    patch::Patch,
    portfolio::PortfolioItem,
    rule::Rule,
    text::{self, FreeText, Line, Name, Phone, Url, Username},
    word::words,
};

/// The maximum number of skills in a profile.
const SKILLS_MAX: usize = 50;
/// The name of a skill.
type Skill = Line<50>;

words! {
    /// Whether a freelancer accepts work.
    Availability {
        Available "available",
        Busy "busy",
        Unavailable "unavailable",
    }
}

words! {
    /// A freelancer's level of experience.
    Experience {
        Beginner "beginner",
        Intermediate "intermediate",
        Expert "expert",
    }
}

/// The freelancer's profile, beyond the account.
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

/// A profile as shown to everyone.
#[derive(Debug, Clone)]
pub struct PublicProfile {
    pub username: String,
    pub account: Account,
    pub profile: Profile,
    /// Newest first.
    pub portfolio: Vec<PortfolioItem>,
    /// The colour of the freelancer's pages.
    pub accent: Accent,
}

/// How complete a profile is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// In whole percent.
    pub percent: usize,
    pub missing: Vec<&'static str>,
}

impl Completion {
    /// Computes completeness. Each of these counts the same.
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

input! {
    /// An hourly rate as sent.
    #[derive(Debug, Clone, Copy)]
    pub part Rate as "HourlyRateInput", "The hourly rate.";

    amount "amount": Required<Amount>,
    /// Defaults to the currency of the previous rate, or else of the account.
    currency "currency": Inherited<Currency> => "The user's currency by default.",
}

impl Rate {
    fn money(self, otherwise: Currency) -> Result<Money> {
        Money::exact(self.amount, self.currency.unwrap_or(otherwise))
            .map_err(|rule| Error::field("hourlyRate.amount", rule))
    }
}

/// Skills without duplicates, compared case-insensitively.
pub struct Skills;

impl Kind for Skills {
    type Value = Vec<String>;
    const SHAPE: Shape = List::<Skill, SKILLS_MAX>::SHAPE;

    fn read(form: &mut Form, name: &str, value: &Value) -> Read<Vec<String>> {
        let skills = List::<Skill, SKILLS_MAX>::read(form, name, value)?;
        let mut seen = Vec::new();
        for (index, skill) in skills.iter().enumerate() {
            let key = text::fold(skill);
            if seen.contains(&key) {
                form.fail(format!("{name}[{index}]"), Rule::Duplicate);
            }
            seen.push(key);
        }
        Ok(skills)
    }
}

input! {
    /// A user's change to their own profile.
    #[derive(Debug, Clone, Default)]
    pub change ProfileChange;

    bio "bio": Optional<FreeText>,
    title "title": Optional<Name>,
    hourly_rate "hourlyRate": Optional<One<Rate>>,
    skills "skills": OrEmpty<Skills> = "At most 50, each once.",
    availability "availability": Optional<Availability>,
    experience "experience": Optional<Experience>,
    username "username": Inherited<Username>,
    phone "phone": Optional<Phone>,
    location "location": Optional<One<Location>>,
    avatar "avatar": Optional<Url>,
}

impl ProfileChange {
    /// Applies the change.
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

/// A visitor's views of a public profile on one day.
#[derive(Debug, Clone)]
pub struct Visit {
    /// The day in the freelancer's timezone.
    pub day: Date,
    /// A keyed hash that does not reveal the visitor.
    pub visitor: [u8; 32],
}
