//! A freelancer's profile: one's own, and as everybody sees it.

use std::sync::Arc;

use jiff::civil::Date;
use poem_openapi::{OpenApi, param::Path};

use super::{
    Tag,
    account::{DoneBody, LocationBody},
    error::{Adding, Failed, Showing, Viewing},
    portfolio::ItemBody,
};
use crate::{
    app::App,
    domain::{
        account::Location,
        error::Error,
        id::AccountId,
        input::Input,
        money::{Currency, Money},
        profile::{Availability, Experience, OwnProfile, ProfileChange, PublicProfile},
    },
    http::{
        amount::Amount,
        answer::Bare,
        bearer::Bearer,
        body::Body,
        schema::{Instant, Nullable, OneOf, Text, bodies, schema},
        visitor::Visitor,
    },
};

schema! {
    /// What an hour costs.
    struct HourlyRateBody "HourlyRate" {
        amount "amount": Amount,
        currency "currency": Text<Currency>,
    }
}

impl From<Money> for HourlyRateBody {
    fn from(rate: Money) -> Self {
        Self { amount: rate.into(), currency: Text(rate.currency) }
    }
}

schema! {
    /// Where the user is, to the point.
    struct OwnLocationBody "OwnLocation" {
        country "country": String,
        city "city": Nullable<String>,
        /// Longitude and latitude in degrees; nobody else is told.
        coordinates "coordinates": Nullable<Vec<Amount>>,
    }
}

impl From<Location> for OwnLocationBody {
    fn from(location: Location) -> Self {
        let coordinates = location.coordinates;
        let point = coordinates.map(|at| vec![Amount(at.longitude), Amount(at.latitude)]);
        Self {
            country: location.country,
            city: Nullable(location.city),
            coordinates: Nullable(point),
        }
    }
}

schema! {
    /// A freelancer's own profile.
    struct OwnProfileBody "OwnProfile" {
        id "id": Text<AccountId>,
        email "email": String,
        /// None until one is set; the public profile stands under it.
        username "username": Nullable<String>,
        first_name "firstName": String,
        last_name "lastName": String,
        phone "phone": Nullable<String>,
        avatar "avatar": Nullable<String>,
        location "location": Nullable<OwnLocationBody>,
        date_of_birth "dateOfBirth": Nullable<Text<Date>>,
        bio "bio": Nullable<String>,
        title "title": Nullable<String>,
        hourly_rate "hourlyRate": Nullable<HourlyRateBody>,
        skills "skills": Vec<String>,
        availability "availability": Nullable<OneOf<Availability>>,
        experience "experience": Nullable<OneOf<Experience>>,
        /// How much of it is filled in, in whole percent.
        profile_completion "profileCompletion": usize,
        /// What is not filled in yet.
        missing "missing": Vec<String>,
    }
}

impl From<OwnProfile> for OwnProfileBody {
    fn from(OwnProfile { account, profile, completion }: OwnProfile) -> Self {
        Self {
            id: Text(account.id),
            email: account.email,
            username: Nullable(account.username),
            first_name: account.first_name,
            last_name: account.last_name,
            phone: Nullable(account.phone),
            avatar: Nullable(account.avatar),
            location: Nullable(account.location.map(Into::into)),
            date_of_birth: Nullable(account.date_of_birth.map(Text)),
            bio: Nullable(profile.bio),
            title: Nullable(profile.title),
            hourly_rate: Nullable(profile.hourly_rate.map(Into::into)),
            skills: profile.skills,
            availability: Nullable(profile.availability.map(OneOf)),
            experience: Nullable(profile.experience.map(OneOf)),
            profile_completion: completion.percent,
            missing: completion.missing.into_iter().map(str::to_owned).collect(),
        }
    }
}

schema! {
    /// A freelancer as everybody sees one.
    struct PublicProfileBody "PublicProfile" {
        username "username": String,
        first_name "firstName": String,
        last_name "lastName": String,
        avatar "avatar": Nullable<String>,
        title "title": Nullable<String>,
        bio "bio": Nullable<String>,
        location "location": Nullable<LocationBody>,
        hourly_rate "hourlyRate": Nullable<HourlyRateBody>,
        skills "skills": Vec<String>,
        availability "availability": Nullable<OneOf<Availability>>,
        experience "experience": Nullable<OneOf<Experience>>,
        /// Newest first.
        portfolio "portfolio": Vec<ItemBody>,
        member_since "memberSince": Instant,
    }
}

impl From<PublicProfile> for PublicProfileBody {
    fn from(public: PublicProfile) -> Self {
        let PublicProfile { username, account, profile, portfolio } = public;
        Self {
            username,
            first_name: account.first_name,
            last_name: account.last_name,
            avatar: Nullable(account.avatar),
            title: Nullable(profile.title),
            bio: Nullable(profile.bio),
            location: Nullable(account.location.map(Into::into)),
            hourly_rate: Nullable(profile.hourly_rate.map(Into::into)),
            skills: profile.skills,
            availability: Nullable(profile.availability.map(OneOf)),
            experience: Nullable(profile.experience.map(OneOf)),
            portfolio: portfolio.into_iter().map(Into::into).collect(),
            member_since: Instant(account.created_at),
        }
    }
}

bodies! {
    /// A change of one's own profile: any of the fields. Null clears any but the username.
    ProfileChangeInput "ProfileChange" = ProfileChange, example r#"{
        "bio": "Experienced full-stack developer with 5+ years of experience in React, Node.js, and MongoDB. Passionate about creating scalable web applications.",
        "title": "Full Stack Developer",
        "hourlyRate": {"amount": 50, "currency": "USD"},
        "skills": ["JavaScript", "TypeScript", "React", "Node.js", "MongoDB", "PostgreSQL", "AWS"],
        "availability": "available",
        "experience": "intermediate"
    }"#;
}

/// The routes of one's own profile.
pub struct Routes(pub Arc<App>);

#[OpenApi(prefix_path = "/freelancer/profile", tag = "Tag::Profile")]
impl Routes {
    /// Get one's own profile, and what is missing in it
    ///
    /// `profileCompletion` is in percent, and `missing` names the fields that are not filled in.
    #[oai(path = "/", method = "get", operation_id = "getProfile")]
    async fn find(&self, bearer: Bearer) -> Result<Bare<OwnProfileBody>, Failed<Showing>> {
        Ok(Bare::new(self.0.profile(bearer.0).await?))
    }

    /// Complete or update one's own profile
    ///
    /// Takes any of the fields; null or an empty string clears one. The public profile shows the
    /// change at once.
    #[oai(path = "/", method = "put", method = "patch")]
    async fn update(
        &self,
        body: Body<ProfileChangeInput>,
        bearer: Bearer,
    ) -> Result<Bare<DoneBody>, Failed<Adding>> {
        let change = body.read(ProfileChange::read);
        let change = self.0.admit_freelancer(bearer.0, change).await?;
        let said = |error: Error| error.conflict_said("Username already exists");
        self.0.update_profile(bearer.0, change, None).await.map_err(said)?;
        Ok(Bare::new("Profile updated successfully"))
    }
}

/// The routes of what everybody may see of freelancers.
pub struct PublicRoutes(pub Arc<App>);

#[OpenApi(prefix_path = "/public/freelancers", tag = "Tag::Public")]
impl PublicRoutes {
    /// Get a freelancer's public profile; counts one view a day for each visitor
    ///
    /// Nobody need be signed in. Freelancers without a username have no public profile.
    #[oai(path = "/:username", method = "get", operation_id = "getFreelancer")]
    async fn find(
        &self,
        username: Path<String>,
        visitor: Visitor,
    ) -> Result<Bare<PublicProfileBody>, Failed<Viewing>> {
        let Visitor { address, device, is_robot } = visitor;
        let profile = self.0.public_profile(username.0, None, !is_robot, address, device);
        Ok(Bare::new(profile.await?))
    }
}
