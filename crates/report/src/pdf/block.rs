//! Blocks on pages.

use super::flow::{Flow, INK, LEADING, LINE, PALE, SOFT};
use super::{drawing, table};
use crate::document::{Badge, Block, CauseBlock, Document, FindingBlock, Tone};
use crate::input::Figure;

const WHITE: [u8; 3] = [255, 255, 255];

/// Kicker, title and overall verdict.
pub(super) fn opening(flow: &mut Flow<'_>, document: &Document) {
    let (body, small, title) = (flow.sizes.body, flow.sizes.small, flow.sizes.title);
    let top = flow.y;
    let right = badge_at_right(flow, &document.overall, &document.counts);
    let (all, room) = (flow.width, flow.width - right - 16.0);
    flow.width = room;
    flow.paragraph(&document.kicker, flow.style(small, SOFT, false), 0.0);
    flow.paragraph(&document.title, flow.style(title, INK, true), 0.0);
    flow.width = all;
    let below_badge = top + body * 2.2 + small * LEADING * document.counts.len() as f64;
    flow.y = flow.y.max(below_badge) + flow.sizes.gap;
}

/// The overall verdict and its counts against the right margin; the width they take.
fn badge_at_right(flow: &mut Flow<'_>, badge: &Badge, counts: &[String]) -> f64 {
    let (body, small) = (flow.sizes.body, flow.sizes.small);
    let room = flow.width * 0.36;
    let lines: Vec<String> = counts.iter().flat_map(|c| flow.wrapped(c, small, room)).collect();
    let right = flow.left + flow.width;
    let width = flow.ink.width(&badge.name, body) + 18.0;
    let wide = lines.iter().map(|l| flow.ink.width(l, small)).fold(width, f64::max);
    badge_at(flow, badge, (right - width, flow.y), body, 9.0);
    for (index, line) in lines.iter().enumerate() {
        let x = right - flow.ink.width(line, small);
        let y = flow.y + body * 2.1 + small * LEADING * index as f64;
        flow.lines_at(std::slice::from_ref(line), (x, y), flow.style(small, SOFT, false));
    }
    wide
}

/// A verdict on its colour; the width it takes.
fn badge_at(flow: &mut Flow<'_>, badge: &Badge, (x, y): (f64, f64), size: f64, pad: f64) -> f64 {
    let width = flow.ink.width(&badge.name, size) + 2.0 * pad;
    flow.fill((x, y), (width, size * 1.6), table::colour(badge.verdict));
    let style = flow.style(size, WHITE, true);
    flow.lines_at(std::slice::from_ref(&badge.name), (x + pad, y + size * 0.17), style);
    width
}

pub(super) fn small(flow: &mut Flow<'_>, text: &str) {
    let style = flow.style(flow.sizes.small, SOFT, false);
    flow.paragraph(text, style, 0.0);
}

/// Puts a block; `next` is what it has to stay with, if it is a heading.
pub(super) fn put(flow: &mut Flow<'_>, block: &Block, next: Option<&Block>) {
    match block {
        Block::Heading(level, text) => heading(flow, *level, text, next),
        Block::Facts(pairs) => facts(flow, pairs),
        Block::Text(tone, text) => paragraph(flow, *tone, text),
        Block::Verdict(badge, text) => verdict(flow, badge, text, false),
        Block::Table(data) => table::put(flow, data),
        Block::Finding(f) => finding(flow, f),
        Block::Cause(c) => cause(flow, c),
        Block::Picture(figure) => picture(flow, figure),
        Block::Columns(columns) => side_by_side(flow, columns),
        Block::Code(text) => code(flow, text),
        Block::Signatures(roles) => signatures(flow, roles),
    }
}

fn heading(flow: &mut Flow<'_>, level: u8, text: &str, next: Option<&Block>) {
    let chapter = level < 3;
    let size = if chapter { flow.sizes.chapter } else { flow.sizes.heading };
    let follower = match next {
        Some(Block::Picture(figure)) => picture_height(flow, figure),
        Some(Block::Heading(..)) => 70.0,
        Some(Block::Table(data)) => table::together(flow, data).max(44.0),
        _ => 44.0,
    };
    flow.gap(flow.sizes.gap * if chapter { 2.0 } else { 1.2 });
    flow.need(size * LEADING + 6.0 + follower);
    flow.paragraph(text, flow.style(size, INK, true), 0.0);
    if chapter {
        flow.rule(flow.y + 1.0, INK, 1.2);
    } else {
        flow.rule(flow.y + 0.5, LINE, 0.6);
    }
    flow.y += 5.0;
}

fn paragraph(flow: &mut Flow<'_>, tone: Tone, text: &str) {
    let (size, colour) = match tone {
        Tone::Small => (flow.sizes.small, SOFT),
        _ => (flow.sizes.body, INK),
    };
    let boxed = matches!(tone, Tone::Statement | Tone::Error);
    let indent = if boxed { 8.0 } else { 0.0 };
    flow.gap(if tone == Tone::Statement { 10.0 } else { 0.0 });
    let height = flow.wrapped(text, size, flow.width - indent).len() as f64 * size * LEADING;
    flow.need(height);
    let (left, top) = (flow.left, flow.y);
    if boxed {
        let bar = if tone == Tone::Error { table::colour(Some(faultscope_diagnose::Verdict::Invalid)) } else { INK };
        flow.fill((left, top), (2.5, height), bar);
    }
    flow.paragraph(text, flow.style(size, colour, false), indent);
    flow.gap(flow.sizes.gap * 0.5);
}

/// A badge and what it is about beside it.
fn verdict(flow: &mut Flow<'_>, badge: &Badge, text: &str, bold: bool) {
    let (body, small) = (flow.sizes.body, flow.sizes.small);
    let size = if bold { body } else { small };
    let indent = flow.ink.width(&badge.name, small) + 18.0;
    let lines = flow.wrapped(text, size, flow.width - indent);
    let height = (lines.len() as f64 * size * LEADING).max(small * 1.7);
    flow.need(height);
    let (x, y) = (flow.left, flow.y);
    badge_at(flow, badge, (x, y), small, 5.0);
    flow.lines_at(&lines, (x + indent, y + small * 0.1), flow.style(size, INK, bold));
    flow.y += height + 1.5;
}

fn facts(flow: &mut Flow<'_>, pairs: &[(String, String)]) {
    const COLUMNS: usize = 3;
    const BETWEEN: f64 = 14.0;
    let (body, small) = (flow.sizes.body, flow.sizes.small);
    let width = (flow.width - BETWEEN * (COLUMNS - 1) as f64) / COLUMNS as f64;
    for row in pairs.chunks(COLUMNS) {
        let cells: Vec<_> = row.iter().map(|(name, value)| (name, flow.wrapped(value, body, width))).collect();
        let most = cells.iter().map(|(_, lines)| lines.len()).max().unwrap_or(0);
        let height = small * LEADING + most as f64 * body * LEADING + 2.0;
        flow.need(height);
        for (column, (name, lines)) in cells.iter().enumerate() {
            let at = (flow.left + (width + BETWEEN) * column as f64, flow.y);
            flow.lines_at(std::slice::from_ref(*name), at, flow.style(small, SOFT, false));
            flow.lines_at(lines, (at.0, at.1 + small * LEADING), flow.style(body, INK, false));
        }
        flow.y += height;
    }
    flow.gap(flow.sizes.gap * 0.5);
}

fn finding(flow: &mut Flow<'_>, f: &FindingBlock) {
    let (body, small) = (flow.sizes.body, flow.sizes.small);
    let says = flow.wrapped(&f.says, body, flow.width - 80.0).len() as f64 * body;
    let figures = flow.wrapped(&f.figures, small, flow.width - 10.0).len() as f64 * small;
    flow.need((says + figures) * LEADING + 8.0);
    let (left, width, top) = (flow.left, flow.width, flow.y);
    flow.left += 8.0;
    flow.width -= 8.0;
    verdict(flow, &f.badge, &f.says, true);
    flow.paragraph(&f.figures, flow.style(small, SOFT, false), 0.0);
    // The sentence and its figures are on one page; the causes may go on.
    let height = flow.y - top;
    flow.fill((left, top - 1.0), (3.0, height + 2.0), table::colour(f.badge.verdict));
    f.causes.iter().for_each(|c| cause(flow, c));
    (flow.left, flow.width) = (left, width);
    flow.gap(flow.sizes.gap);
}

fn cause(flow: &mut Flow<'_>, c: &CauseBlock) {
    const NAMES: f64 = 84.0;
    let (body, small) = (flow.sizes.body, flow.sizes.small);
    let confidence = flow.ink.width(&c.confidence, small);
    let name = format!("{} ({})", c.cause, c.rule);
    let lines = flow.wrapped(&name, body, flow.width - confidence - 24.0);
    let height = lines.len() as f64 * body * LEADING + 4.0;
    flow.need(height + if c.items.is_empty() { 0.0 } else { 2.0 * small * LEADING });
    let (x, y, width) = (flow.left, flow.y, flow.width);
    flow.fill((x, y), (width, height), PALE);
    flow.lines_at(&lines, (x + 6.0, y + 1.0), flow.style(body, INK, true));
    let at = (x + width - confidence - 6.0, y + 2.0);
    flow.lines_at(std::slice::from_ref(&c.confidence), at, flow.style(small, INK, false));
    flow.y += height;
    for (name, texts) in &c.items {
        flow.need(small * LEADING);
        let at = (flow.left + 6.0, flow.y);
        flow.lines_at(std::slice::from_ref(name), at, flow.style(small, SOFT, false));
        for text in texts {
            flow.paragraph(text, flow.style(small, INK, false), NAMES);
        }
    }
    flow.gap(flow.sizes.gap * 0.7);
}

fn picture_height(flow: &Flow<'_>, figure: &Figure) -> f64 {
    let (w, h) = figure.drawing.size();
    flow.width * h / w + if flow.sizes.captions { flow.sizes.small * LEADING + 8.0 } else { 4.0 }
}

fn picture(flow: &mut Flow<'_>, figure: &Figure) {
    let height = picture_height(flow, figure);
    flow.need(height);
    let (left, top, width) = (flow.left, flow.y, flow.width);
    if let Some((page, ink)) = flow.on_page() {
        drawing::put(ink, page, &figure.drawing, (left, top), width);
    }
    flow.y = top + height;
    if !flow.sizes.captions {
        return;
    }
    let below = (left, top + height - flow.sizes.small * LEADING - 6.0);
    flow.lines_at(std::slice::from_ref(&figure.caption), below, flow.style(flow.sizes.small, SOFT, false));
}

/// Each column from the same height on; whoever made them sees to it that they fit a page.
fn side_by_side(flow: &mut Flow<'_>, columns: &[Vec<Block>]) {
    const BETWEEN: f64 = 14.0;
    flow.need(120.0);
    let (left, width, top) = (flow.left, flow.width, flow.y);
    let count = columns.len().max(1) as f64;
    flow.width = (width - BETWEEN * (count - 1.0)) / count;
    let mut lowest = top;
    for column in columns {
        flow.y = top;
        column.iter().enumerate().for_each(|(at, b)| put(flow, b, column.get(at + 1)));
        lowest = lowest.max(flow.y);
        flow.left += flow.width + BETWEEN;
    }
    (flow.left, flow.width, flow.y) = (left, width, lowest);
}

fn code(flow: &mut Flow<'_>, text: &str) {
    let size = flow.sizes.small * 0.86;
    for line in text.lines() {
        let indent = line.chars().take_while(|c| *c == ' ').count() as f64 * size * 0.5;
        flow.paragraph(line.trim_start(), flow.style(size, SOFT, false), indent);
    }
    flow.gap(flow.sizes.gap);
}

fn signatures(flow: &mut Flow<'_>, roles: &[String]) {
    const BETWEEN: f64 = 30.0;
    let small = flow.sizes.small;
    flow.need(48.0);
    flow.y += 30.0;
    let count = roles.len().max(1) as f64;
    let width = (flow.width - BETWEEN * (count - 1.0)) / count;
    for (index, role) in roles.iter().enumerate() {
        let (x, y) = (flow.left + (width + BETWEEN) * index as f64, flow.y);
        if let Some((page, ink)) = flow.on_page() {
            ink.line(page, &[(x, y), (x + width, y)], INK, 0.7, 1.0);
        }
        flow.lines_at(std::slice::from_ref(role), (x, y + 2.0), flow.style(small, SOFT, false));
    }
    flow.y += small * LEADING + 8.0;
}
