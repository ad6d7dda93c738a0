//! Amounts as users and programs write them. Each is parsed exactly or refused, and formats back to
//! the same number. Also invoice totals.

#![no_main]

use freelanceos::domain::{
    input::Input,
    invoice::NewInvoice,
    money::{self, Currency, Money},
};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

fuzz_target!(|data: &[u8]| {
    let Some((&choice, text)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let all = Currency::all();
    let currency = all[usize::from(choice) % all.len()];

    let _ = money::exchange_rate(text);
    if let Ok(read) = money::parse_decimal(text) {
        let again = money::parse_decimal(&read.to_string());
        assert_eq!(again.ok(), Some(read), "{text}");
    }
    let Ok(number) = serde_json::from_str::<Value>(text) else { return };
    if let Ok(amount) = money::amount(&number)
        && let Ok(exact) = Money::exact(amount, currency)
    {
        assert_eq!(exact.decimal(), amount.normalize(), "{text}");
        let shown = exact.shown();
        assert!(shown.contains(|c: char| c.is_ascii_digit()), "{shown}");
    }
    // The number as an amount alone, and in every field of a line.
    let item = json!({ "description": "Work", "quantity": number, "rate": number });
    for given in [json!({ "amount": number }), json!({ "items": [item, item] })] {
        let mut object = given.as_object().cloned().unwrap_or_default();
        object.insert("clientId".to_owned(), "client".into());
        object.insert("dueDate".to_owned(), "2026-04-15".into());
        object.insert("taxRate".to_owned(), json!(u64::from(choice) % 101));
        let Ok(new) = NewInvoice::read(&object) else { continue };
        let Ok(priced) = new.price(currency) else { continue };
        let totals = priced.totals;
        assert!(totals.subtotal >= 0 && totals.subtotal + totals.tax == totals.amount);
        let sum: i64 = priced.lines.iter().map(|(_, amount)| amount).sum();
        assert_eq!(sum, totals.subtotal, "{text}");
    }
});
