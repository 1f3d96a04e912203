//! Plots as inline SVG. Colours come from the page's style, so that they follow light and dark; what a colour says is said
//! by words or shape too.

use std::fmt::Write as _;

use crate::eval::score::Score;
use crate::eval::statistics::{Bin, Calibration, Middle, Share};

use super::text::{duration, escape, percent};

const LABELS: f64 = 118.0;
const VALUES: f64 = 150.0;

/// Recall and precision as bars, with their intervals as whiskers: one pair a capability.
pub(super) fn bars(scores: &[Score], name: &dyn Fn(&Score) -> String) -> String {
    let (width, row, top) = (760.0, 46.0, 30.0);
    let height = top + row * float(scores.len()) + 26.0;
    let x = |share: f64| LABELS + share * (width - LABELS - VALUES);
    let mut svg = open(width, height, "Recall and precision with 95 % intervals");
    let legend = [("one", "recall", LABELS), ("two", "precision", LABELS + 90.0)];
    for (class, word, at) in legend {
        let _ = write!(
            svg,
            "<rect class=\"{class}\" x=\"{at:.1}\" y=\"6\" width=\"11\" height=\"11\" rx=\"2\"/>\
             <text x=\"{:.1}\" y=\"16\">{word}</text>",
            at + 17.0
        );
    }
    let bottom = height - 20.0;
    for tenth in [0.0, 0.25, 0.5, 0.75, 1.0] {
        vertical(&mut svg, x(tenth), top - 4.0, bottom);
        label(&mut svg, x(tenth), height - 5.0, "middle", true, &percent(tenth));
    }
    for (n, score) in scores.iter().enumerate() {
        let y = top + row * float(n);
        label(&mut svg, LABELS - 10.0, y + 23.0, "end", false, &name(score));
        for (at, (class, share)) in [("one", score.recall), ("two", score.precision)].into_iter().enumerate() {
            bar(&mut svg, &x, y + 4.0 + 18.0 * float(at), class, share);
        }
    }
    close(svg)
}

fn bar(svg: &mut String, x: &dyn Fn(f64) -> f64, y: f64, class: &str, share: Share) {
    let (Some(value), Some(low), Some(high)) = (share.share, share.low, share.high) else {
        return label(svg, x(0.0) + 6.0, y + 11.0, "start", true, "nothing to divide by");
    };
    let (from, to) = (x(0.0), x(value));
    let _ = write!(
        svg,
        "<rect class=\"{class}\" x=\"{from:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"13\" rx=\"2\"/>",
        (to - from).max(1.0)
    );
    let (left, right, middle) = (x(low), x(high), y + 6.5);
    let _ = write!(
        svg,
        "<path class=\"whisker\" d=\"M{left:.1} {middle:.1}H{right:.1}M{left:.1} {:.1}v7M{right:.1} {:.1}v7\"/>",
        middle - 3.5,
        middle - 3.5
    );
    label(svg, x(1.0) + 12.0, y + 11.0, "start", false, &format!("{} ({}/{})", percent(value), share.hits, share.of));
}

/// What was stated against what was true. On the diagonal, words can be believed.
pub(super) fn reliability(title: &str, calibration: &Calibration) -> String {
    let (size, left, top) = (300.0, 44.0, 12.0);
    let x = |share: f64| left + share * size;
    let y = |share: f64| top + (1.0 - share) * size;
    let mut svg = open(left + size + 26.0, top + size + 40.0, title);
    for tenth in [0.0, 0.25, 0.5, 0.75, 1.0] {
        vertical(&mut svg, x(tenth), y(1.0), y(0.0));
        let _ = write!(svg, "<path class=\"grid\" d=\"M{:.1} {:.1}H{:.1}\"/>", x(0.0), y(tenth), x(1.0));
        label(&mut svg, x(tenth), y(0.0) + 16.0, "middle", true, &percent(tenth));
        label(&mut svg, left - 6.0, y(tenth) + 4.0, "end", true, &percent(tenth));
    }
    let _ = write!(svg, "<path class=\"ideal\" d=\"M{:.1} {:.1}L{:.1} {:.1}\"/>", x(0.0), y(0.0), x(1.0), y(1.0));
    label(&mut svg, x(0.5), y(0.0) + 34.0, "middle", false, "stated confidence");
    let most = calibration.bins.iter().map(|bin| bin.right.of).max().unwrap_or(1);
    for Bin { confidence, right, .. } in &calibration.bins {
        let (Some(share), Some(low), Some(high)) = (right.share, right.low, right.high) else { continue };
        let (cx, cy) = (x(*confidence), y(share));
        let radius = 3.5 + 4.5 * (count(right.of) / count(most)).sqrt();
        let _ = write!(
            svg,
            "<path class=\"whisker\" d=\"M{cx:.1} {:.1}V{:.1}\"/><circle class=\"one\" cx=\"{cx:.1}\" cy=\"{cy:.1}\" \
             r=\"{radius:.1}\"><title>{} of {} right, stated {}</title></circle>",
            y(low),
            y(high),
            right.hits,
            right.of,
            percent(*confidence)
        );
    }
    close(svg)
}

/// How many patches were proved after how long, as a step curve, with the median and its interval.
pub(super) fn times(middle: &Middle, times: &[f64]) -> String {
    let (width, height, left, top) = (760.0, 210.0, 52.0, 22.0);
    let (right, bottom) = (width - 24.0, height - 36.0);
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    let end = tidy(middle.worst);
    let x = |seconds: f64| left + seconds / end * (right - left);
    let y = |share: f64| bottom - share * (bottom - top);
    let mut svg = open(width, height, "Time to a proved patch");
    for quarter in [0.0, 0.5, 1.0] {
        let _ = write!(svg, "<path class=\"grid\" d=\"M{left:.1} {:.1}H{right:.1}\"/>", y(quarter));
        label(&mut svg, left - 8.0, y(quarter) + 4.0, "end", true, &percent(quarter));
    }
    for fifth in 0..=5 {
        let seconds = end * f64::from(fifth) / 5.0;
        label(&mut svg, x(seconds), bottom + 17.0, "middle", true, &duration(seconds));
    }
    if let (Some(low), Some(high)) = (middle.low, middle.high) {
        let _ = write!(
            svg,
            "<rect class=\"band\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>",
            x(low),
            y(1.0),
            (x(high) - x(low)).max(1.0),
            bottom - y(1.0)
        );
    }
    let _ = write!(svg, "<path class=\"mark\" d=\"M{0:.1} {1:.1}V{bottom:.1}\"/>", x(middle.median), y(1.0));
    let mut path = format!("M{:.1} {:.1}", x(0.0), y(0.0));
    for (n, seconds) in sorted.iter().enumerate() {
        let _ = write!(path, "H{:.1}V{:.1}", x(*seconds), y(float(n + 1) / float(sorted.len())));
    }
    let _ = write!(svg, "<path class=\"step\" d=\"{path}H{right:.1}\"/>");
    label(&mut svg, x(middle.median), top - 8.0, "middle", false, &format!("median {}", duration(middle.median)));
    close(svg)
}

/// The end of an axis: the next of 1, 2, 5 times a power of ten, or of whole minutes.
fn tidy(most: f64) -> f64 {
    let steps = [1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 90.0, 120.0, 180.0, 300.0, 600.0, 1200.0, 1800.0, 3600.0];
    steps.into_iter().find(|step| *step >= most).unwrap_or_else(|| (most / 3600.0).ceil() * 3600.0)
}

fn open(width: f64, height: f64, title: &str) -> String {
    format!(
        "<svg viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\" aria-label=\"{}\" style=\"max-width:{width:.0}px\">",
        escape(title)
    )
}

fn close(svg: String) -> String {
    svg + "</svg>"
}

fn vertical(svg: &mut String, x: f64, from: f64, to: f64) {
    let _ = write!(svg, "<path class=\"grid\" d=\"M{x:.1} {from:.1}V{to:.1}\"/>");
}

fn label(svg: &mut String, x: f64, y: f64, anchor: &str, dim: bool, text: &str) {
    let class = if dim { " class=\"dim\"" } else { "" };
    let _ = write!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\"{class}>{}</text>", escape(text));
}

fn float(count: usize) -> f64 {
    self::count(count as u64)
}

#[allow(clippy::cast_precision_loss)] // counts of cases
fn count(count: u64) -> f64 {
    count as f64
}
