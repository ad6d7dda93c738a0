//! A freelancer's profile: their own view and the public view.

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
    app::{
        App,
        profile::{find_profile, update_profile},
    },
    domain::{
        account::Location,
        error::{Error, Kind},
        id::AccountId,
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
    /// An hourly rate.
    struct HourlyRateBody "HourlyRate" of rate: Money {
        amount "amount": Amount = rate.into(),
        currency "currency": Text<Currency> = Text(rate.currency),
    }
}

schema! {
    /// The user's location, including coordinates.
    struct OwnLocationBody "OwnLocation" of location: Location {
        country "country": String = location.country,
        city "city": Nullable<String> = Nullable(location.city),
        /// Longitude and latitude in degrees; not public.
        coordinates "coordinates": Nullable<Vec<Amount>> = Nullable(
            location.coordinates.map(|at| vec![Amount(at.longitude), Amount(at.latitude)]),
        ),
    }
}

schema! {
    /// A freelancer's own profile.
    struct OwnProfileBody "OwnProfile" of own: OwnProfile {
        id "id": Text<AccountId> = Text(own.account.id),
        email "email": String = own.account.email,
        /// None until one is set; part of the public profile's address.
        username "username": Nullable<String> = Nullable(own.account.username),
        first_name "firstName": String = own.account.first_name,
        last_name "lastName": String = own.account.last_name,
        phone "phone": Nullable<String> = Nullable(own.account.phone),
        avatar "avatar": Nullable<String> = Nullable(own.account.avatar),
        location "location": Nullable<OwnLocationBody> =
            Nullable(own.account.location.map(Into::into)),
        date_of_birth "dateOfBirth": Nullable<Text<Date>> =
            Nullable(own.account.date_of_birth.map(Text)),
        bio "bio": Nullable<String> = Nullable(own.profile.bio),
        title "title": Nullable<String> = Nullable(own.profile.title),
        hourly_rate "hourlyRate": Nullable<HourlyRateBody> =
            Nullable(own.profile.hourly_rate.map(Into::into)),
        skills "skills": Vec<String> = own.profile.skills,
        availability "availability": Nullable<OneOf<Availability>> =
            Nullable(own.profile.availability.map(OneOf)),
        experience "experience": Nullable<OneOf<Experience>> =
            Nullable(own.profile.experience.map(OneOf)),
        /// How complete it is, in whole percent.
        profile_completion "profileCompletion": usize = own.completion.percent,
        /// Fields that are not filled in yet.
        missing "missing": Vec<String> =
            own.completion.missing.into_iter().map(str::to_owned).collect(),
    }
}

schema! {
    /// A freelancer's public profile.
    struct PublicProfileBody "PublicProfile" of public: PublicProfile {
        username "username": String = public.username,
        first_name "firstName": String = public.account.first_name,
        last_name "lastName": String = public.account.last_name,
        avatar "avatar": Nullable<String> = Nullable(public.account.avatar),
        title "title": Nullable<String> = Nullable(public.profile.title),
        bio "bio": Nullable<String> = Nullable(public.profile.bio),
        location "location": Nullable<LocationBody> =
            Nullable(public.account.location.map(Into::into)),
        hourly_rate "hourlyRate": Nullable<HourlyRateBody> =
            Nullable(public.profile.hourly_rate.map(Into::into)),
        skills "skills": Vec<String> = public.profile.skills,
        availability "availability": Nullable<OneOf<Availability>> =
            Nullable(public.profile.availability.map(OneOf)),
        experience "experience": Nullable<OneOf<Experience>> =
            Nullable(public.profile.experience.map(OneOf)),
        /// Newest first.
        portfolio "portfolio": Vec<ItemBody> =
            public.portfolio.into_iter().map(Into::into).collect(),
        member_since "memberSince": Instant = Instant(public.account.created_at),
    }
}

bodies! {
    /// A change of your profile: any of the fields. Null clears all but the username.
    ProfileChangeInput "ProfileChange" = ProfileChange, example r#"{
        "bio": "Experienced full-stack developer with 5+ years of experience in React, Node.js, and MongoDB. Passionate about creating scalable web applications.",
        "title": "Full Stack Developer",
        "hourlyRate": {"amount": 50, "currency": "USD"},
        "skills": ["JavaScript", "TypeScript", "React", "Node.js", "MongoDB", "PostgreSQL", "AWS"],
        "availability": "available",
        "experience": "intermediate"
    }"#;
}

/// The routes of the caller's profile.
pub struct Routes(pub Arc<App>);

#[OpenApi(prefix_path = "/freelancer/profile", tag = "Tag::Profile")]
impl Routes {
    /// Get your profile, and what is missing in it
    ///
    /// `profileCompletion` is in percent, and `missing` names the empty fields.
    #[oai(path = "/", method = "get", operation_id = "getProfile")]
    async fn find(&self, bearer: Bearer) -> Result<Bare<OwnProfileBody>, Failed<Showing>> {
        Ok(Bare::new(self.0.query(bearer.0, find_profile).await?))
    }

    /// Complete or update your profile
    ///
    /// Accepts any of the fields; null or an empty string clears one. The public profile shows the
    /// change at once.
    #[oai(path = "/", method = "put", method = "patch")]
    async fn update(
        &self,
        body: Body<ProfileChangeInput>,
        bearer: Bearer,
    ) -> Result<Bare<DoneBody>, Failed<Adding>> {
        let change = body.read();
        let change = self.0.admit_freelancer(bearer.0, change).await?;
        let said =
            |error: Error| error.reworded(|kind| *kind == Kind::Conflict, "error-username-taken");
        let update = self.0.run(bearer.0, move |work| update_profile(work, &change, None));
        update.await.map_err(said)?;
        Ok(Bare::new("Profile updated successfully"))
    }
}

/// The public routes about freelancers.
pub struct PublicRoutes(pub Arc<App>);

#[OpenApi(prefix_path = "/public/freelancers", tag = "Tag::Public")]
impl PublicRoutes {
    /// Get a freelancer's public profile; counts one view per visitor and day
    ///
    /// No sign-in required. Freelancers without a username have no public profile.
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
