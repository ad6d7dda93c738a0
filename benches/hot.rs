//! Functions that run in every request.

#![allow(clippy::unwrap_used, reason = "a benchmark says what went wrong by stopping")]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use freelanceos::{
    app::token::{TokenType, Tokens},
    domain::{
        id::{IdSequence, InvoiceId},
        invoice::{Line, Terms, price},
        money::{Currency, parse_decimal},
        session::Claims,
    },
};
use jiff::{SignedDuration, Timestamp};

/// The lines of an invoice: whole hours and translated words.
fn lines(count: usize) -> Vec<Line> {
    let line = |index: usize| {
        let (quantity, rate) =
            if index.is_multiple_of(2) { ("7.5", "85") } else { ("1237", "0.085") };
        Line::new("Work", parse_decimal(quantity).unwrap(), parse_decimal(rate).unwrap())
    };
    (0..count).map(line).collect()
}

fn calculator(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("price an invoice");
    let terms = Terms { tax_rate: parse_decimal("7.5").unwrap(), ..Terms::default() };
    for count in [2, 20, 500] {
        let lines = lines(count);
        group.bench_with_input(BenchmarkId::from_parameter(count), &lines, |bencher, lines| {
            // The calculator takes ownership of the lines, so they are cloned outside the
            // measurement.
            bencher.iter_batched(
                || lines.clone(),
                |lines| price(lines, &terms, Currency::USD),
                criterion::BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

fn token(criterion: &mut Criterion) {
    let tokens = Tokens::new(b"0123456789abcdef0123456789abcdef").unwrap();
    let (ids, now) = (IdSequence::default(), Timestamp::from_second(1_800_000_000).unwrap());
    let claims = Claims { account: ids.next(now, [1; 10]), session: ids.next(now, [2; 10]) };
    let token = tokens
        .sign(TokenType::Access, claims, [0; 9], now, SignedDuration::from_hours(24))
        .unwrap();
    criterion.bench_function("verify a token", |bencher| {
        bencher.iter(|| tokens.verify(TokenType::Access, black_box(&token), now));
    });
}

fn id(criterion: &mut Criterion) {
    let (ids, now) = (IdSequence::default(), Timestamp::from_second(1_800_000_000).unwrap());
    criterion.bench_function("make an id", |bencher| {
        bencher.iter(|| ids.next::<freelanceos::domain::id::InvoiceKind>(now, black_box([7; 10])));
    });
    let id: InvoiceId = ids.next(now, [7; 10]);
    criterion.bench_function("write an id", |bencher| bencher.iter(|| black_box(id).to_string()));
    let text = id.to_string();
    criterion.bench_function("read an id", |bencher| {
        bencher.iter(|| InvoiceId::parse(black_box(&text)));
    });
}

criterion_group!(benches, calculator, token, id);
criterion_main!(benches);
