//! One page of a list.

use serde_json::Value;

use super::{
    error::Result,
    form::{Form, Object, Read},
    rule::Rule,
};

/// Which page of a list is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// From 1 to 1,000,000.
    pub number: u32,
    /// Rows a page, 1 to 100.
    pub size: u32,
}

impl Page {
    /// Reads `page` (default 1) and `pageSize` (default 10).
    pub fn read(form: &mut Form) -> Read<Self> {
        let number = form.optional("page", whole(1_000_000));
        let size = form.optional("pageSize", whole(100));
        Ok(Self { number: number?.unwrap_or(1), size: size?.unwrap_or(10) })
    }

    /// Reads FreelanceHub's `limit` (default 10) and `page` (default 1).
    pub fn of_limit(object: &Object) -> Result<Self> {
        Form::read(object, |form| {
            let size = form.optional("limit", whole(100));
            let number = form.optional("page", whole(1_000_000));
            Ok(Self { number: number?.unwrap_or(1), size: size?.unwrap_or(10) })
        })
    }

    pub fn limit(self) -> i64 {
        self.size.into()
    }

    pub fn offset(self) -> i64 {
        i64::from(self.number - 1) * i64::from(self.size)
    }
}

/// A whole number from 1 to `max` in a query parameter.
pub fn whole(max: u32) -> impl Fn(&Value) -> Result<u32, Rule> {
    move |value| {
        let text = value.as_str().unwrap_or_default();
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        match text.parse() {
            Ok(number) if digits && (1..=max).contains(&number) => Ok(number),
            _ => Err(Rule::Integer { min: 1, max: max.into() }),
        }
    }
}

/// A page of a list and how many entries the whole list has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing<T> {
    pub entries: Vec<T>,
    pub total: u64,
    pub page: Page,
}

impl<T> Listing<T> {
    pub fn map<U>(self, each: impl FnMut(T) -> U) -> Listing<U> {
        Listing {
            entries: self.entries.into_iter().map(each).collect(),
            total: self.total,
            page: self.page,
        }
    }
}
