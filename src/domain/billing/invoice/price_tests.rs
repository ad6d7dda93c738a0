//! Compares the calculator with examples, and with a second, slow and obvious one.

use proptest::prelude::*;

use super::*;
use crate::domain::tax::TaxCategory;

fn dec(text: &str) -> Decimal {
    money::parse_decimal(text).unwrap()
}

fn line(quantity: Decimal, rate: Decimal) -> Line {
    Line::new("Work", quantity, rate)
}

fn of_percent(percent: Decimal) -> Discount {
    Discount { percent: Some(percent), amount: None }
}

fn of_amount(amount: Decimal) -> Discount {
    Discount { percent: None, amount: Some(amount) }
}

fn tax(name: &str, rate: &str) -> Tax {
    let rate = dec(rate);
    let category = if rate.is_zero() { TaxCategory::Zero } else { TaxCategory::Standard };
    Tax { name: name.to_owned(), rate, category, note: None }
}

fn taxed(rate: &str, taxes: &[Tax]) -> Line {
    Line { taxes: Some(taxes.to_vec()), ..line(Decimal::ONE, dec(rate)) }
}

fn at_rate(rate: &str) -> Terms {
    Terms { tax_rate: dec(rate), ..Terms::default() }
}

fn currency(code: &str) -> Currency {
    Currency::from_code(code).unwrap()
}

/// The amounts of the taxes.
fn amounts(priced: &Priced) -> Vec<i64> {
    priced.taxes.iter().map(|sum| sum.amount).collect()
}

#[test]
fn tax_is_rounded_once_on_the_subtotal() {
    let cent = || line(Decimal::ONE, dec("0.09"));
    let priced = price(vec![cent(), cent(), cent()], &at_rate("7.5"), Currency::USD).unwrap();
    assert_eq!(priced.totals, Totals { subtotal: 27, tax: 2, amount: 29, ..Totals::default() });
}

#[test]
fn a_discount_cannot_make_the_total_negative() {
    let lines = vec![line(Decimal::ONE, Decimal::TEN), line(Decimal::ONE, -Decimal::TEN)];
    assert_eq!(price(lines, &Terms::default(), Currency::USD).unwrap().totals.amount, 0);
    let lines = vec![line(Decimal::ONE, dec("-0.01"))];
    assert!(price(lines, &Terms::default(), Currency::USD).is_err());
}

#[test]
fn prices_that_include_tax_are_split_into_net_and_tax() {
    let terms = Terms { prices_include_tax: true, ..at_rate("7.5") };
    let priced = price(vec![line(Decimal::ONE, dec("100"))], &terms, Currency::USD).unwrap();
    assert_eq!((priced.totals.net(), priced.totals.tax, priced.totals.amount), (9302, 698, 10000));
    assert_eq!(priced.totals.subtotal, 9302);
    assert_eq!(priced.lines[0].1, 10000);
}

#[test]
fn several_taxes_of_a_line_share_its_base() {
    let levies = [tax("VAT", "15"), tax("NHIL", "2.5"), tax("GETFund", "2.5")];
    let priced = price(vec![taxed("1000", &levies)], &Terms::default(), currency("GHS")).unwrap();
    assert_eq!(amounts(&priced), [15_000, 2_500, 2_500]);
    assert!(priced.taxes.iter().all(|sum| sum.base == 100_000));
    assert_eq!((priced.totals.amount, priced.terms.tax_rate), (120_000, Decimal::ZERO));
}

#[test]
fn the_discount_of_the_invoice_is_spread_over_the_taxes() {
    let lines = vec![taxed("100", &[tax("A", "20")]), taxed("50", &[tax("B", "10")])];
    let terms = Terms { discount: Some(of_amount(dec("15"))), ..Terms::default() };
    let priced = price(lines, &terms, Currency::USD).unwrap();
    let bases: Vec<_> = priced.taxes.iter().map(|sum| sum.base).collect();
    assert_eq!((bases, amounts(&priced)), (vec![9_000, 4_500], vec![1_800, 450]));
    assert_eq!((priced.totals.discount, priced.totals.amount), (1_500, 15_750));
}

#[test]
fn withholding_is_of_the_net_and_no_part_of_the_amount() {
    let withholding = Withholding { name: "WHT".to_owned(), rate: dec("5") };
    let terms = Terms { withholding: Some(withholding), ..at_rate("7.5") };
    let lines = vec![line(Decimal::ONE, dec("500000"))];
    let totals = price(lines, &terms, currency("NGN")).unwrap().totals;
    assert_eq!((totals.amount, totals.withheld), (53_750_000, 2_500_000));
}

#[test]
fn an_empty_list_of_taxes_means_no_tax_and_other_lines_have_the_rate() {
    let lines = vec![taxed("100", &[]), line(Decimal::ONE, dec("100"))];
    let priced = price(lines, &at_rate("10"), Currency::USD).unwrap();
    assert_eq!((priced.taxes.len(), priced.taxes[0].base, priced.totals.tax), (1, 10_000, 1_000));
    assert_eq!(priced.lines[1].0.taxes, Some(Vec::from_iter(Tax::plain(dec("10")))));
    assert_eq!(priced.terms.tax_rate, Decimal::ZERO);
    // One tax on all lines is the rate of the invoice.
    let all = vec![taxed("1", &[tax("VAT", "7.5")]), taxed("2", &[tax("VAT", "7.5")])];
    assert_eq!(price(all, &at_rate("3"), Currency::USD).unwrap().terms.tax_rate, dec("7.5"));
}

#[test]
fn impossible_discounts_and_taxes_are_refused() {
    let of = |discount| Line { discount: Some(discount), ..line(Decimal::ONE, dec("10")) };
    let refused = |line: Line, terms: &Terms, field: &str| {
        let error = price(vec![line], terms, Currency::USD).unwrap_err();
        assert!(format!("{:?}", error.kind()).contains(field), "{error:?}");
    };
    let none = Terms::default();
    refused(of(of_amount(dec("10.01"))), &none, "items[0].discount.amount");
    refused(of(of_amount(dec("1.001"))), &none, "items[0].discount.amount");
    let negative = Line { rate: dec("-1"), ..of(of_percent(dec("5"))) };
    refused(negative, &none, "items[0].discount");
    refused(taxed("1", &[tax("A", "1"), tax("A", "1")]), &none, "items[0].taxes[1]");
    let discount = Some(of_amount(dec("11")));
    refused(line(Decimal::ONE, dec("10")), &Terms { discount, ..none.clone() }, "discount.amount");
}

#[test]
fn a_discount_of_everything_leaves_nothing_to_tax() {
    let terms = Terms { discount: Some(of_percent(dec("100"))), ..at_rate("20") };
    let totals = price(vec![line(dec("3"), dec("33.33"))], &terms, Currency::USD).unwrap().totals;
    assert_eq!((totals.discount, totals.tax, totals.amount), (9_999, 0, 0));
}

/// Rounds a fraction half away from zero, without any helper of the calculator.
fn rounded(numerator: i128, denominator: i128) -> i64 {
    let (sign, numerator) = (numerator.signum(), numerator.abs());
    let mut whole = numerator / denominator;
    if 2 * (numerator - whole * denominator) >= denominator {
        whole += 1;
    }
    i64::try_from(sign * whole).unwrap()
}

/// A rate of at most four decimals, times 10,000.
fn units(rate: Decimal) -> i128 {
    (rate * Decimal::from(10_000)).try_into().unwrap()
}

/// A line of the second calculator: thousandths of a quantity, a rate in cents, a discount, and
/// places in the list of taxes.
#[derive(Debug, Clone)]
struct Plain {
    quantity: i64,
    rate: i64,
    /// In ten-thousandths of a percent.
    discount: Option<i64>,
    taxes: Vec<usize>,
}

/// Returns subtotal, discount, tax and amount, and base and amount of each tax that occurs.
fn slowly(
    lines: &[Plain],
    rates: &[Decimal],
    (percent, amount): (Option<i64>, i64),
    includes_tax: bool,
) -> ([i64; 4], Vec<(usize, i64, i64)>) {
    let line_amounts: Vec<i64> = lines
        .iter()
        .map(|line| {
            let gross = rounded(i128::from(line.quantity) * i128::from(line.rate), 1000);
            let off = line
                .discount
                .map_or(0, |discount| rounded(i128::from(gross) * i128::from(discount), 1_000_000));
            gross - off
        })
        .collect();
    let whole: i64 = line_amounts.iter().sum();
    let discount = match percent {
        Some(percent) => rounded(i128::from(whole) * i128::from(percent), 1_000_000),
        None => amount.min(whole),
    };
    let mut order = Vec::new();
    for line in lines {
        for place in &line.taxes {
            if !order.contains(place) {
                order.push(*place);
            }
        }
    }
    let mut groups: Vec<(Vec<usize>, i64)> = Vec::new();
    for (line, amount) in lines.iter().zip(&line_amounts) {
        let mut taxes = line.taxes.clone();
        taxes.sort_by_key(|place| order.iter().position(|known| known == place));
        match groups.iter().position(|(known, _)| *known == taxes) {
            Some(at) => groups[at].1 += amount,
            None => groups.push((taxes, *amount)),
        }
    }
    // Give each group its exact share rounded down, then hand out the rest unit by unit.
    let positive: i64 = groups.iter().map(|(_, sum)| *sum).filter(|sum| *sum > 0).sum();
    let exact = |sum: i64| i128::from(discount) * i128::from(sum.max(0));
    let mut shares: Vec<i64> = groups
        .iter()
        .map(|(_, sum)| i64::try_from(exact(*sum) / i128::from(positive.max(1))).unwrap())
        .collect();
    let mut lucky = vec![false; groups.len()];
    while positive > 0 && shares.iter().sum::<i64>() < discount {
        let mut best: Option<usize> = None;
        for (at, (_, sum)) in groups.iter().enumerate().filter(|(at, _)| !lucky[*at]) {
            let rest = exact(*sum) % i128::from(positive);
            let known = best.map(|at| exact(groups[at].1) % i128::from(positive));
            if known.is_none_or(|known| rest > known) {
                best = Some(at);
            }
        }
        let best = best.unwrap();
        lucky[best] = true;
        shares[best] += 1;
    }
    let nets: Vec<(Vec<usize>, i64)> =
        groups.into_iter().zip(shares).map(|((taxes, sum), share)| (taxes, sum - share)).collect();
    let mut sums: Vec<(usize, i64, i64)> = order.iter().map(|place| (*place, 0, 0)).collect();
    for (place, base, amount) in &mut sums {
        for (taxes, sum) in nets.iter().filter(|(taxes, _)| taxes.contains(place)) {
            if includes_tax {
                let all: i128 = taxes.iter().map(|place| units(rates[*place])).sum();
                let net = rounded(i128::from(*sum) * 1_000_000, 1_000_000 + all);
                let part =
                    |place: &usize| rounded(i128::from(net) * units(rates[*place]), 1_000_000);
                let last = taxes.iter().rev().find(|place| !rates[**place].is_zero());
                let others = taxes.iter().filter(|place| Some(*place) != last).map(part);
                *base += net;
                *amount += match Some(&*place) == last {
                    true => sum - net - others.sum::<i64>(),
                    false => part(place),
                };
            } else {
                *base += sum;
            }
        }
        if !includes_tax {
            *amount = rounded(i128::from(*base) * units(rates[*place]), 1_000_000);
        }
    }
    let tax: i64 = sums.iter().map(|(_, _, amount)| amount).sum();
    let total = if includes_tax { whole - discount } else { whole - discount + tax };
    ([total - tax + discount, discount, tax, total], sums)
}

fn plain_line() -> impl Strategy<Value = Plain> {
    let taxes = prop::sample::subsequence(vec![0, 1, 2, 3], 0..=4).prop_shuffle();
    (1..50_000i64, -200_000..5_000_000i64, prop::option::of(0..=1_000_000i64), taxes).prop_map(
        |(quantity, rate, discount, taxes)| Plain {
            quantity,
            rate,
            // Only a line above 0 has a discount.
            discount: discount.filter(|_| quantity * rate >= 500),
            taxes,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn the_calculator_agrees_with_a_slow_and_obvious_one(
        lines in prop::collection::vec(plain_line(), 1..12),
        rates in prop::array::uniform4(prop_oneof![Just(0), 0..=400_000i64]),
        percent in prop::option::of(0..=1_000_000i64),
        amount in 0..3_000_000i64,
        includes_tax: bool,
    ) {
        let rates = rates.map(|rate| Decimal::new(rate, 4));
        let taxes: Vec<Tax> = (0..4).map(|at| tax(&format!("T{at}"), &rates[at].to_string())).collect();
        let own = |line: &Plain| Line {
            discount: line.discount.map(|percent| of_percent(Decimal::new(percent, 4))),
            taxes: Some(line.taxes.iter().map(|place| taxes[*place].clone()).collect()),
            ..self::line(Decimal::new(line.quantity, 3), Decimal::new(line.rate, 2))
        };
        let (sums, by_tax) = slowly(&lines, &rates, (percent, amount), includes_tax);
        let [subtotal, discount, tax, total] = sums;
        let agreed = match percent {
            Some(percent) => of_percent(Decimal::new(percent, 4)),
            None => of_amount(Decimal::new(discount.max(0), 2)),
        };
        let terms = Terms {
            discount: Some(agreed),
            prices_include_tax: includes_tax,
            ..Terms::default()
        };
        let priced = price(lines.iter().map(own).collect(), &terms, Currency::USD);
        let of_lines = if includes_tax { total + discount } else { subtotal };
        match priced {
            Ok(priced) => {
                prop_assert_eq!(priced.totals, Totals { subtotal, discount, tax, amount: total, withheld: 0 });
                prop_assert_eq!(total, subtotal - discount + tax);
                let found: Vec<_> =
                    priced.taxes.iter().map(|sum| (sum.tax.name.clone(), sum.base, sum.amount)).collect();
                let expected: Vec<_> =
                    by_tax.iter().map(|(at, base, amount)| (format!("T{at}"), *base, *amount)).collect();
                prop_assert_eq!(found, expected);
            }
            Err(_) => {
                prop_assert!(of_lines < 0 || total < 0, "{:?}", sums);
            }
        }
    }
}

proptest! {
    #[test]
    fn totals_are_the_sums_of_the_displayed_amounts(
        rows in prop::collection::vec((1..100_000i64, 0..10_000_000i64), 1..40),
        rate in 0..=1_000_000i64,
    ) {
        let lines = rows.iter().map(|(q, r)| line(Decimal::new(*q, 3), Decimal::new(*r, 3)));
        let terms = Terms { tax_rate: Decimal::new(rate, 4), ..Terms::default() };
        let priced = price(lines.collect(), &terms, Currency::USD).unwrap();
        let shown: i64 = priced.lines.iter().map(|(_, amount)| amount).sum();
        prop_assert_eq!(shown, priced.totals.subtotal);
        prop_assert_eq!(priced.totals.subtotal + priced.totals.tax, priced.totals.amount);
    }

    #[test]
    fn a_lone_amount_is_the_exact_total(minor in 0..=money::MAX_MINOR, rate in 0..=1_000_000i64) {
        let amount = Money::new(minor, Currency::USD).decimal();
        let terms = Terms { tax_rate: Decimal::new(rate, 4), ..Terms::default() };
        let priced = price_amount(amount, None, &terms, Currency::USD).unwrap();
        prop_assert_eq!(priced.totals.amount, minor);
        prop_assert_eq!(priced.totals.subtotal + priced.totals.tax, minor);
        prop_assert_eq!(priced.lines[0].1, priced.totals.subtotal);
    }
}
