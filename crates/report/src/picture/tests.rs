//! What must hold of every picture, whatever the data.

use faultscope_diagnose::Verdict;
use faultscope_signal::Unit;

use super::scene::{Scene, Shape};
use super::sealed::Layout;
use super::*;
use crate::words::Lang;

fn noise(n: usize) -> Vec<f64> {
    let mut state = 12345_u64;
    let mut next = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 33) as f64 + 1.0) / (f64::from(u32::MAX >> 1) + 2.0)
    };
    (0..n).map(|_| -100.0 + 10.0 * (-next().ln()).log10()).collect()
}

pub(super) fn spectrum(bins: usize) -> SpectrumChart {
    let mut level_db = noise(bins);
    let frequency_hz: Vec<f64> = (0..bins).map(|k| 940e6 + (k as f64 / bins as f64 - 0.5) * 2.4e6).collect();
    let mut put = |share: f64, level: f64| {
        let k = (share * bins as f64) as usize;
        level_db[k] = level;
        (frequency_hz[k], level)
    };
    let carrier = put(0.5, -10.0);
    let spurs =
        [put(0.55, -48.0), put(0.45, -50.0), put(0.60, -61.0), put(0.40, -63.0), put(0.552, -70.0), put(0.91, -72.0)];
    let mut chart = SpectrumChart::new(Lang::En, "Transmitter after repair", Unit::Dbfs);
    chart.rbw_hz = Some(1465.0);
    chart.center_hz = Some(940e6);
    chart.note = "Blackman-Harris, 128 averages".into();
    chart.markers.push(Marker {
        frequency_hz: carrier.0,
        level_db: carrier.1,
        label: "carrier -10.0 dBFS".into(),
        class: MarkerClass::Carrier,
    });
    for (i, (f, l)) in spurs.into_iter().enumerate() {
        let class = match i {
            0 | 1 => MarkerClass::Judged(Verdict::Fail),
            2 => MarkerClass::Judged(Verdict::Margin),
            3 => MarkerClass::Judged(Verdict::Pass),
            _ => MarkerClass::Named,
        };
        chart.markers.push(Marker {
            frequency_hz: f,
            level_db: l,
            label: format!("{} {:.1} dBc", crate::frequency(f), l + 10.0),
            class,
        });
    }
    chart.limits.push(LimitLine {
        points: vec![(938.8e6, -60.0), (941.2e6, -60.0)],
        label: "generic spur mask -50 dBc: fail".into(),
        failed: true,
        side: Side::Upper,
        guard_db: 0.0,
    });
    chart.traces.push(Trace { name: String::new(), frequency_hz, level_db });
    chart
}

pub(super) fn ripple_wave() -> WaveformChart {
    let samples: Vec<f64> = (0..200_000)
        .map(|i| f64::from(i) / 1e6)
        .map(|t| {
            let sag = if (0.12..0.14).contains(&t) { -0.9 } else { 0.0 };
            11.8 + sag
                + 0.7 * (std::f64::consts::TAU * 100.0 * t).sin()
                + 0.05 * (std::f64::consts::TAU * 65_000.0 * t).sin()
        })
        .collect();
    let mut chart = WaveformChart::new(Lang::En, "Supply before repair", Unit::Volt, Envelope::of(&samples, 1e6));
    chart.levels.push(Level { value: 11.4, label: "ATX12V 12 V -5 %".into(), failed: true });
    chart.levels.push(Level { value: 12.6, label: "ATX12V 12 V +5 %".into(), failed: false });
    chart.spans.push(Span { start_s: 0.12, end_s: 0.14, label: "sag 0.9 V".into() });
    chart
}

pub(super) fn bars() -> HarmonicBars {
    let values = [
        (50.0, 0.004),
        (100.0, 0.497),
        (150.0, 0.003),
        (200.0, 0.081),
        (300.0, 0.021),
        (400.0, 0.009),
        (65_000.0, 0.035),
    ];
    HarmonicBars {
        lang: Lang::En,
        title: "Ripple lines".into(),
        note: "rms per line".into(),
        axis: String::new(),
        across: String::new(),
        unit: Unit::Volt,
        log: true,
        bars: values
            .into_iter()
            .map(|(f, value)| Bar {
                label: crate::frequency(f),
                value,
                limit: Some(0.05),
                verdict: Some(if value > 0.05 {
                    Verdict::Fail
                } else if value > 0.03 {
                    Verdict::Margin
                } else {
                    Verdict::Pass
                }),
                badges: if value > 0.05 { "L".into() } else { String::new() },
            })
            .collect(),
    }
}

pub(super) fn waterfall() -> WaterfallChart {
    let (columns, rows) = (1024, 300);
    let base = noise(columns * rows);
    let levels = base
        .into_iter()
        .enumerate()
        .map(|(i, n)| {
            let (row, column) = (i / columns, i % columns);
            let drift = 512 + row / 6;
            if column == drift {
                -20.0
            } else if column == 200 && (row / 40) % 2 == 0 {
                -55.0
            } else {
                n as f32
            }
        })
        .collect();
    WaterfallChart {
        lang: Lang::En,
        title: "Waterfall".into(),
        note: "RBW 2.34 kHz".into(),
        unit: Unit::Dbfs,
        range_hz: (938.8e6, 941.2e6),
        range_s: (0.0, 1.75),
        center_hz: Some(940e6),
        columns,
        levels,
        range_db: None,
    }
}

type Draw = Box<dyn Fn(Size) -> Scene>;

fn supply_spectrum() -> SpectrumChart {
    let mut level_db = noise(50_000);
    let frequency_hz: Vec<f64> = (0..50_000).map(|k| 10.0 * f64::from(k)).collect();
    let mut chart = SpectrumChart::new(Lang::En, "Supply spectrum", Unit::Dbv);
    chart.log_frequency = true;
    for (k, level) in [(10, -6.0), (20, -22.0), (30, -33.0), (6500, -29.0), (13_000, -45.0)] {
        level_db[k] = level;
        let label = crate::frequency(frequency_hz[k]);
        chart.markers.push(Marker { frequency_hz: frequency_hz[k], level_db: level, label, class: MarkerClass::Named });
    }
    chart.limits.push(LimitLine {
        points: vec![(25.0, -30.0), (1e3, -30.0), (1e3, -50.0), (2e5, -50.0)],
        label: "mask".into(),
        failed: true,
        side: Side::Upper,
        guard_db: 0.0,
    });
    for (name, shift) in [("before", 0.0), ("after", -25.0)] {
        let level_db = level_db.iter().map(|l| l + shift).collect();
        chart.traces.push(Trace { name: name.into(), frequency_hz: frequency_hz.clone(), level_db });
    }
    chart
}

fn every_chart() -> Vec<(&'static str, Draw)> {
    vec![
        ("spectrum", Box::new(|s| spectrum(65_536).scene(s))),
        ("supply", Box::new(|s| supply_spectrum().scene(s))),
        ("waveform", Box::new(|s| ripple_wave().scene(s))),
        ("bars", Box::new(|s| bars().scene(s))),
        ("waterfall", Box::new(|s| waterfall().scene(s))),
    ]
}

/// Every opening tag is closed, attributes are quoted, and no number is NaN or infinite.
fn assert_well_formed(svg: &str) {
    assert!(svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>"));
    let mut open: Vec<String> = Vec::new();
    let mut rest = svg;
    while let Some(at) = rest.find('<') {
        let end = rest[at..].find('>').expect("a tag ends") + at;
        let tag = &rest[at + 1..end];
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name));
        } else if !tag.ends_with('/') {
            open.push(tag.split_whitespace().next().unwrap().to_owned());
        }
        for bad in ["NaN", "inf", "script", "http"] {
            let tag = tag.replace("http://www.w3.org/2000/svg", "");
            assert!(!tag.split("base64").next().unwrap().contains(bad), "{tag}");
        }
        rest = &rest[end + 1..];
    }
    assert!(open.is_empty());
}

#[test]
fn svg_is_well_formed_and_small() {
    for (name, scene) in every_chart() {
        let svg = render::svg(&scene(Size::default())).unwrap();
        assert_well_formed(svg.as_str());
        let most = if name == "waterfall" { 2_000_000 } else { 300_000 };
        assert!(svg.as_str().len() < most, "{name}: {} bytes", svg.as_str().len());
    }
}

#[test]
fn png_decodes_to_the_size_asked_for() {
    let size = Size { width: 800, height: 400 };
    for (name, scene) in every_chart() {
        let bytes = render::png(&scene(size)).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(&bytes)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((info.width, info.height), (800, 400), "{name}");
        let inked = pixels.iter().filter(|v| **v < 200).count();
        assert!(inked > 3000, "{name} is nearly empty: {inked}");
    }
}

#[test]
fn every_coordinate_is_finite_even_for_hostile_data() {
    let mut chart = spectrum(1000);
    for (i, level) in chart.traces[0].level_db.iter_mut().enumerate() {
        match i % 7 {
            1 => *level = f64::NAN,
            3 => *level = f64::INFINITY,
            5 => *level = f64::NEG_INFINITY,
            _ => {}
        }
    }
    chart.markers.push(Marker { frequency_hz: f64::NAN, level_db: 1.0, label: "x".into(), class: MarkerClass::Named });
    chart.limits.push(LimitLine {
        points: vec![(f64::NAN, 0.0), (1.0, f64::INFINITY)],
        failed: true,
        ..LimitLine::default()
    });
    let mut wave = ripple_wave();
    wave.levels.push(Level { value: f64::NAN, ..Level::default() });
    wave.spans.push(Span { start_s: f64::NAN, end_s: f64::INFINITY, label: String::new() });
    wave.traces[0].envelope.low.fill(f64::NAN);
    let mut lines = bars();
    lines.bars[0].value = f64::NAN;
    lines.bars[1].value = -1.0;
    lines.bars[2].limit = Some(f64::INFINITY);
    let mut fall = waterfall();
    fall.levels[7] = f32::NAN;
    fall.levels[8] = f32::INFINITY;
    fall.levels[9] = f32::NEG_INFINITY;
    fall.range_hz = (f64::NAN, f64::NAN);
    let empty = SpectrumChart::new(Lang::ZhCn, "", Unit::Dbfs);
    let size = Size { width: 0, height: u32::MAX };
    for scene in [chart.scene(size), wave.scene(size), lines.scene(size), fall.scene(size), empty.scene(size)] {
        for shape in &scene.shapes {
            let numbers = match shape {
                Shape::Path { points, .. } | Shape::Polygon { points, .. } => {
                    points.iter().flat_map(|p| [p.0, p.1]).collect()
                }
                Shape::Rect { area, .. } | Shape::Image { area, .. } => vec![area.x0, area.y0, area.x1, area.y1],
                Shape::Circle { x, y, r, .. } => vec![*x, *y, *r],
                Shape::Text(t) => vec![t.x, t.y, t.size],
            };
            assert!(numbers.iter().all(|n| n.is_finite() && n.abs() < 1e5), "{shape:?}");
        }
        assert_well_formed(render::svg(&scene).unwrap().as_str());
    }
}

#[test]
fn the_trace_stops_where_the_data_stop() {
    let mut chart = SpectrumChart::new(Lang::En, "gap", Unit::Dbfs);
    let level = |k: usize| if (400..600).contains(&k) { f64::NAN } else { -50.0 };
    let frequency_hz: Vec<f64> = (0..1000).map(|k| k as f64).collect();
    chart.traces.push(Trace { name: String::new(), frequency_hz, level_db: (0..1000).map(level).collect() });
    let scene = chart.scene(Size::default());
    let trace: Vec<&Vec<(f64, f64)>> = scene
        .shapes
        .iter()
        .filter_map(|s| match s {
            Shape::Path { points, stroke } if stroke.colour == theme::trace(0) => Some(points),
            _ => None,
        })
        .collect();
    assert_eq!(trace.len(), 2, "two runs with a gap between");
    let longest = trace.iter().flat_map(|l| l.windows(2)).map(|w| (w[1].0 - w[0].0).abs()).fold(0.0, f64::max);
    assert!(longest < 10.0, "no line leads across the gap");
}

#[test]
fn the_narrowest_line_reaches_its_height_in_the_picture() {
    let chart = spectrum(65_536);
    let scene = chart.scene(Size::default());
    let top = scene
        .shapes
        .iter()
        .filter_map(|s| match s {
            Shape::Path { points, stroke } if stroke.colour == theme::trace(0) => Some(points),
            _ => None,
        })
        .flatten()
        .fold(f64::INFINITY, |a, p| a.min(p.1));
    let carrier =
        scene.shapes.iter().find_map(|s| if let Shape::Circle { y, .. } = s { Some(*y) } else { None }).unwrap();
    assert!((top - carrier).abs() < 0.01, "{top} {carrier}");
}

#[test]
fn titles_are_escaped() {
    let mut chart = spectrum(64);
    chart.title = "<script>alert('x')</script> & \"more\"".into();
    chart.markers[0].label = "</text><script>".into();
    let svg = chart.svg(Size::default()).unwrap();
    assert!(!svg.as_str().contains("<script"));
    assert!(svg.as_str().contains("&lt;script&gt;"));
    assert_well_formed(svg.as_str());
}

#[test]
#[ignore = "writes pictures to look at into the folder named by FAULTSCOPE_PICTURES"]
fn pictures_to_look_at() {
    let folder = std::path::PathBuf::from(std::env::var("FAULTSCOPE_PICTURES").unwrap());
    for (name, scene) in every_chart() {
        std::fs::write(folder.join(format!("{name}.png")), render::png(&scene(Size::default())).unwrap()).unwrap();
        std::fs::write(folder.join(format!("{name}.svg")), render::svg(&scene(Size::default())).unwrap().as_str())
            .unwrap();
    }
    let mut chinese = spectrum(65_536);
    chinese.lang = Lang::ZhCn;
    chinese.title = "维修后发射机频谱".into();
    std::fs::write(folder.join("chinese.png"), chinese.png(Size::default()).unwrap()).unwrap();
}
