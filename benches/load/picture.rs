//! Draws the growth curve as an SVG that is readable on light and dark pages.

use std::fmt::Write;

use crate::report::{Size, slowdowns};

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 320.0;
/// Margins for the labels: left, top, right, bottom.
const MARGIN: [f64; 4] = [56.0, 24.0, 150.0, 44.0];
/// The largest slowdown drawn, relative to the first size.
const SLOWEST: f64 = 2.0;
const COLOURS: [&str; 6] = ["#2f7d5b", "#3b6fb6", "#b5651d", "#8a4fa3", "#b23a48", "#5b6770"];

/// Draws a line per scenario: the time per request at each size, relative to the first.
pub fn growth(sizes: &[Size]) -> String {
    let [left, top, right, bottom] = MARGIN;
    let (wide, high) = (WIDTH - left - right, HEIGHT - top - bottom);
    let last = sizes.len().saturating_sub(1).max(1) as f64;
    let x = |index: usize| left + wide * index as f64 / last;
    let y = |times: f64| top + high * (1.0 - times.clamp(0.0, SLOWEST) / SLOWEST);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
         aria-label=\"Time of a request as one account grows\" font-family=\"sans-serif\" \
         font-size=\"13\" fill=\"#767676\">\n"
    );
    // Writing to a string cannot fail.
    for times in [0.0, 0.5, 1.0, 1.5, 2.0] {
        let y = y(times);
        let _ = writeln!(
            svg,
            "<path d=\"M{left} {y}h{wide}\" stroke=\"#76767655\"/>\
             <text x=\"{}\" y=\"{}\" text-anchor=\"end\">{times:.1}×</text>",
            left - 8.0,
            y + 4.0,
        );
    }
    for (index, size) in sizes.iter().enumerate() {
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
            x(index),
            HEIGHT - bottom + 20.0,
            short(size.invoices),
        );
    }
    let _ = writeln!(
        svg,
        "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">invoices of one account</text>",
        left + wide / 2.0,
        HEIGHT - 6.0,
    );
    let Some(first) = sizes.first() else { return svg + "</svg>\n" };
    let all: Vec<Vec<(&str, f64)>> =
        sizes.iter().map(|size| slowdowns(first, size).collect()).collect();
    // The first is the floor, which measures the machine and not the program.
    for line in 1..all[0].len() {
        let colour = COLOURS[(line - 1) % COLOURS.len()];
        let points: Vec<String> = all
            .iter()
            .enumerate()
            .map(|(index, of)| format!("{:.1},{:.1}", x(index), y(of[line].1)))
            .collect();
        let label = top + 20.0 * line as f64;
        let _ = writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2.5\"/>\
             <path d=\"M{} {label}h18\" stroke=\"{colour}\" stroke-width=\"2.5\"/>\
             <text x=\"{}\" y=\"{}\">{}</text>",
            points.join(" "),
            WIDTH - right + 16.0,
            WIDTH - right + 42.0,
            label + 4.0,
            all[0][line].0,
        );
    }
    svg + "</svg>\n"
}

fn short(number: usize) -> String {
    match number {
        1_000_000.. => format!("{} M", number / 1_000_000),
        1_000.. => format!("{},000", number / 1_000),
        _ => number.to_string(),
    }
}
