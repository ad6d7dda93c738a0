//! One page of a list.

use serde_json::Value;

use super::{
    error::Result,
    form::{Form, Read},
    input::{Field, Need, New, Presence, Scalar, Shape, Source},
    rule::Rule,
};

/// The requested page of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// From 1 to 1,000,000.
    pub number: u32,
    /// Rows per page, 1 to 100.
    pub size: u32,
}

impl Page {
    /// Reads `page` (default 1) and `pageSize` (default 10) of a list without a filter.
    pub fn of(source: &dyn Source) -> Result<Self> {
        Form::read(source, |form| <Self as Presence<New>>::read(form, "page"))
    }

    /// Returns the first entries of a list.
    pub fn first(size: u32) -> Self {
        Self { number: 1, size }
    }

    pub fn limit(self) -> i64 {
        self.size.into()
    }

    pub fn offset(self) -> i64 {
        i64::from(self.number - 1) * i64::from(self.size)
    }
}

impl Default for Page {
    fn default() -> Self {
        Self::first(10)
    }
}

/// Reads `page` (default 1) and `pageSize` (default 10).
impl Presence<New> for Page {
    type Value = Self;
    const SHAPE: Shape = Shape::Fields(&[NUMBER, size("pageSize")]);
    const NEED: Need = Need::Nullable;

    fn read(form: &mut Form, name: &'static str) -> Read<Self> {
        let number = form.optional::<Number>(name);
        let size = form.optional::<Size>("pageSize");
        Ok(Self { number: number?.unwrap_or(1), size: size?.unwrap_or(10) })
    }
}

/// A page as FreelanceHub asks for it: `limit` (default 10) and `page` (default 1).
pub struct LimitedPage;

impl Presence<New> for LimitedPage {
    type Value = Page;
    const SHAPE: Shape = Shape::Fields(&[size("limit"), NUMBER]);
    const NEED: Need = Need::Nullable;

    fn read(form: &mut Form, name: &'static str) -> Read<Page> {
        let size = form.optional::<Size>("limit");
        let number = form.optional::<Number>(name);
        Ok(Page { number: number?.unwrap_or(1), size: size?.unwrap_or(10) })
    }
}

const NUMBER: Field = optional("page", <Number as Scalar>::SHAPE, "The page, starting at 1.");

const fn size(name: &'static str) -> Field {
    optional(name, <Size as Scalar>::SHAPE, "")
}

const fn optional(name: &'static str, shape: Shape, about: &'static str) -> Field {
    Field { name, shape, need: Need::Nullable, is_filled: false, about }
}

/// A whole number from 1 to `MAX` in a query parameter.
#[derive(Debug, Clone, Copy)]
pub struct UpTo<const MAX: u32>;

/// The number of a page.
pub type Number = UpTo<1_000_000>;
/// The page size.
pub type Size = UpTo<100>;

impl<const MAX: u32> Scalar for UpTo<MAX> {
    type Value = u32;
    const SHAPE: Shape = Shape::Whole { min: 1, max: MAX };

    fn parse(value: &Value) -> Result<u32, Rule> {
        let text = value.as_str().unwrap_or_default();
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        match text.parse() {
            Ok(number) if digits && (1..=MAX).contains(&number) => Ok(number),
            _ => Err(Rule::Integer { min: 1, max: MAX.into() }),
        }
    }
}

/// A page of a list and the length of the whole list.
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
