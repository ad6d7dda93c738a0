//! Rendering an invoice as a PDF.

#![allow(clippy::unwrap_used, reason = "a benchmark says what went wrong by stopping")]

#[path = "../tests/it/pdf/sheet.rs"]
#[allow(dead_code, reason = "the tests print more than invoices")]
mod sheet;

use criterion::{Criterion, criterion_group, criterion_main};

use self::sheet::{invoice, line, typical};

/// The scripts that need the most fonts and shaping.
const SCRIPTS: [&str; 4] = [
    "Brand identity: logo, colours, typography",
    "Локализация приложения на русский и украинский языки",
    "تصميم الهوية البصرية للشركة وتطوير موقع إلكتروني",
    "වෙබ් අඩවි නිර්මාණය සහ සංවර්ධනය",
];

fn printing(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("print an invoice");
    group.bench_function("of a page", |bencher| {
        let sheet = typical();
        bencher.iter(|| sheet.pdf());
    });
    for count in [60, 500] {
        let lines = (0..count).map(|n| line(SCRIPTS[n % SCRIPTS.len()], "7.5", "85")).collect();
        let sheet = invoice(lines, "7.5", "NGN");
        group.sample_size(20);
        group.bench_function(format!("of {count} lines in four scripts"), |bencher| {
            bencher.iter(|| sheet.pdf());
        });
    }
    group.finish();
}

criterion_group!(benches, printing);
criterion_main!(benches);
