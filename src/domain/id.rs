//! Ids: a prefix for the kind, and a UUIDv7 that sorts by time (`client_01k…`).

use std::{fmt, hash::Hash, marker::PhantomData, sync::Mutex};

use jiff::Timestamp;
use serde_json::Value;
use uuid::{Builder, Uuid};

use super::{
    error::Result,
    input::{Scalar, Shape},
    rule::Rule,
    text,
};

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// The kind of thing an id names, and its prefix.
pub trait Named: Send + Sync + 'static {
    const PREFIX: &'static str;
}

macro_rules! named {
    ($($(#[$doc:meta])* $kind:ident $id:ident $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $kind;
        impl Named for $kind {
            const PREFIX: &'static str = $prefix;
        }
        #[doc = concat!("Written `", $prefix, "_…`.")]
        pub type $id = Id<$kind>;
    )*};
}

named! {
    /// An account.
    AccountKind AccountId "user";
    /// A signed-in device.
    SessionKind SessionId "sess";
    /// A client.
    ClientKind ClientId "client";
    /// A project.
    ProjectKind ProjectId "proj";
    /// A milestone.
    MilestoneKind MilestoneId "ms";
    /// A proposal.
    ProposalKind ProposalId "prop";
    /// An invoice.
    InvoiceKind InvoiceId "inv";
    /// A line of an invoice.
    ItemKind ItemId "item";
    /// A tax.
    TaxKind TaxId "tax";
    /// A payment.
    PaymentKind PaymentId "pay";
    /// A checkout.
    CheckoutKind CheckoutId "chk";
    /// A credit note.
    CreditNoteKind CreditNoteId "cn";
    /// A reminder.
    ReminderKind ReminderId "rem";
    /// An entry of the activity log.
    ActivityKind ActivityId "act";
    /// An email.
    MailKind MailId "mail";
    /// A passkey.
    PasskeyKind PasskeyId "passkey";
    /// A piece of work in a portfolio.
    PortfolioItemKind PortfolioItemId "work";
    /// A message from a visitor.
    MessageKind MessageId "msg";
    /// An uploaded picture.
    ImageKind ImageId "img";
}

/// The id of a thing of one kind.
#[derive(Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id<K>(Uuid, PhantomData<K>);

impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K> Copy for Id<K> {}

impl<K> Id<K> {
    /// The nil id, which is never assigned, so a lookup finds nothing.
    pub const NIL: Self = Self(Uuid::nil(), PhantomData);

    pub fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid, PhantomData)
    }

    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    pub fn uuid(&self) -> Uuid {
        self.0
    }

    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        Uuid::from_slice(bytes).ok().map(Self::from_uuid)
    }

    /// Returns the smallest id for an instant.
    pub fn first_at(at: Timestamp) -> Self {
        let millis = u64::try_from(at.as_millisecond()).unwrap_or(0);
        Self::from_uuid(Builder::from_unix_timestamp_millis(millis, &[0; 10]).into_uuid())
    }
}

impl<K: Named> Id<K> {
    /// Parses an id. Text that is not an id of this kind gives [`Id::NIL`], which finds nothing.
    pub fn parse(text: &str) -> Self {
        text.strip_prefix(K::PREFIX)
            .and_then(|rest| rest.strip_prefix('_'))
            .and_then(decode)
            .map_or(Self::NIL, Self::from_uuid)
    }
}

/// Accepts any text as an id; a lookup checks whether it exists.
impl<K: Named> Scalar for Id<K> {
    type Value = Self;
    const SHAPE: Shape = Shape::Any;

    fn parse(value: &Value) -> Result<Self, Rule> {
        text::raw(value).map(Self::parse)
    }
}

impl<K: Named> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut digits = [0; 26];
        let mut rest = self.0.as_u128();
        for digit in digits.iter_mut().rev() {
            *digit = ALPHABET[(rest & 31) as usize];
            rest >>= 5;
        }
        write!(f, "{}_{}", K::PREFIX, str::from_utf8(&digits).map_err(|_| fmt::Error)?)
    }
}

fn decode(text: &str) -> Option<Uuid> {
    let bytes = text.as_bytes();
    // 26 digits of 5 bits are 130 bits, so the first digit carries only three.
    if bytes.len() != 26 || bytes[0] > b'7' {
        return None;
    }
    let mut value: u128 = 0;
    for byte in bytes {
        let digit = ALPHABET.iter().position(|letter| letter == byte)?;
        value = value << 5 | digit as u128;
    }
    Some(Uuid::from_u128(value))
}

/// Makes ids that always increase within one process, even if the clock stops or goes back.
#[derive(Debug, Default)]
pub struct IdSequence(Mutex<u128>);

impl IdSequence {
    /// Continues after an id from an earlier process.
    pub fn continue_from<K>(&self, id: Id<K>) {
        let mut last = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        *last = id.0.as_u128().max(*last);
    }

    /// Returns the next id, from the given instant and 10 random bytes.
    pub fn next<K>(&self, now: Timestamp, random: [u8; 10]) -> Id<K> {
        let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
        let fresh = Builder::from_unix_timestamp_millis(millis, &random).into_uuid().as_u128();
        let mut last = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        // The lowest 62 bits are random, so adding one leaves version and variant unchanged.
        *last = if fresh > *last { fresh } else { *last + 1 };
        Id::from_uuid(Uuid::from_u128(*last))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_id_is_formatted_as_prefix_and_26_digits() {
        let uuid: Uuid = "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap();
        let id = ClientId::from_uuid(uuid);
        assert_eq!(id.to_string(), "client_01h455vb4pex5vsknk084sn02q");
        assert_eq!(ClientId::parse("client_01h455vb4pex5vsknk084sn02q"), id);
    }

    #[test]
    fn an_invalid_id_finds_nothing() {
        for text in [
            "",
            "client_123",
            "proj_01h455vb4pex5vsknk084sn02q",
            "client_81h455vb4pex5vsknk084sn02q",
            "client_01H455VB4PEX5VSKNK084SN02Q",
        ] {
            assert_eq!(ClientId::parse(text), Id::NIL, "{text}");
        }
    }

    #[test]
    fn ids_increase_even_when_the_clock_goes_back() {
        let sequence = IdSequence::default();
        let first: ClientId = sequence.next(Timestamp::from_second(2_000).unwrap(), [9; 10]);
        let second: ClientId = sequence.next(Timestamp::from_second(1_000).unwrap(), [0; 10]);
        assert!(second > first);
    }

    proptest! {
        #[test]
        fn a_formatted_id_parses_back(value: u128) {
            let id = InvoiceId::from_uuid(Uuid::from_u128(value));
            prop_assert_eq!(InvoiceId::parse(&id.to_string()), id);
        }

        #[test]
        fn ids_sort_as_text_in_order_of_time(a: u128, b: u128) {
            let (a, b) = (ProjectId::from_uuid(Uuid::from_u128(a)), ProjectId::from_uuid(Uuid::from_u128(b)));
            prop_assert_eq!(a.to_string().cmp(&b.to_string()), a.cmp(&b));
        }
    }
}
