//! Starting: the command line of the desktop app, and the window.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use eframe::egui;
use faultscope_door::paper::Lang;

use crate::timing::{Timed, Times};
use crate::{App, Look};

const HELP: &str = "\
The desktop app of faultscope: captures, findings, cases.

Usage: faultscope-gui [OPTIONS] [CAPTURE...]

CAPTURE is a file, or a simulated capture such as sim:pa-failing. Without one, what was open the last time is opened.

Options:
  --connect ADDR  Live source to connect to: rtltcp://host:1234?freq=940M&rate=2.4M, sim:pa-failing?rate=2M ...
  --case ID       Case to open: FS-2026-0001
  --store PATH    Folder of the case store (or FAULTSCOPE_STORE); the user's data folder otherwise
  --limits PACK   Limit pack to judge by, may be repeated: an id (dc-48v, tx-generic ...) or a .toml file
  --lang LANG     en or zh-CN; the locale otherwise
  --theme LOOK    light, dark or contrast
  --size WxH      Size of the window, 1280x800 when not given
  --frames N      Draw N frames as fast as they come, print how long they took, and close
  --fresh         Do not open what was open the last time
  --help          This text
  --version       The version
";

/// What the app starts with.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Start {
    /// Captures to open: paths, or `sim:` addresses.
    pub captures: Vec<String>,
    /// Live source to connect to.
    pub connect: Option<String>,
    /// Case to open.
    pub case: Option<String>,
    /// Folder of the store; the default one when not given.
    pub store: Option<String>,
    /// Limit packs to judge by, by id or path.
    pub limits: Vec<String>,
    /// Language.
    pub lang: Lang,
    /// Theme.
    pub look: Look,
    /// Do not open what was open the last time.
    pub fresh: bool,
    /// Draw so many frames, print their times, and close.
    pub frames: Option<u32>,
    /// Width and height of the window; 1280 by 800 when not given.
    pub size: Option<(u16, u16)>,
}

impl Start {
    /// Whether nothing is asked for, so that what was open the last time may be opened.
    pub(crate) fn is_empty(&self) -> bool {
        !self.fresh && self.captures.is_empty() && self.connect.is_none() && self.case.is_none()
    }
}

/// What the command line asks for.
#[derive(Debug, PartialEq)]
enum Asked {
    Window(Box<Start>),
    Print(String),
}

/// Runs the app until its window is closed.
#[must_use]
#[allow(clippy::print_stdout, clippy::print_stderr, reason = "the one place that talks to the terminal")]
pub fn run(args: Vec<OsString>) -> ExitCode {
    let times = Arc::new(Mutex::new(Times::new()));
    let env = |name: &str| std::env::var(name).ok().filter(|v| !v.is_empty());
    let asked = parse(args, &env);
    let timed = matches!(&asked, Ok(Asked::Window(start)) if start.frames.is_some());
    match asked {
        Err(message) => {
            eprintln!("{message}\n\n{HELP}");
            ExitCode::from(2)
        }
        Ok(Asked::Print(text)) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Ok(Asked::Window(start)) => match window(*start, &times) {
            Ok(()) if timed => {
                println!("{}", times.lock().unwrap_or_else(PoisonError::into_inner).told());
                ExitCode::SUCCESS
            }
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("the window cannot be opened: {error}");
                eprintln!("a display is needed (DISPLAY or WAYLAND_DISPLAY) and OpenGL; software OpenGL is enough");
                ExitCode::from(4)
            }
        },
    }
}

fn window(start: Start, times: &Arc<Mutex<Times>>) -> eframe::Result<()> {
    let (width, height) = start.size.unwrap_or((1280, 800));
    let viewport = egui::ViewportBuilder::default()
        .with_title("faultscope")
        .with_app_id("faultscope-gui")
        .with_inner_size([f32::from(width), f32::from(height)])
        .with_min_inner_size([800.0, 500.0])
        .with_drag_and_drop(true);
    let options = eframe::NativeOptions { viewport, ..eframe::NativeOptions::default() };
    let times = Arc::clone(times);
    let made = move |context: &eframe::CreationContext<'_>| -> Box<dyn eframe::App> {
        let frames = start.frames;
        let app = App::new(&context.egui_ctx, start);
        match frames {
            Some(frames) => Box::new(Timed::new(app, frames, times)),
            None => Box::new(app),
        }
    };
    eframe::run_native("faultscope", options, Box::new(|context| Ok(made(context))))
}

fn parse(args: Vec<OsString>, env: &dyn Fn(&str) -> Option<String>) -> Result<Asked, String> {
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(|name| env(name));
    let mut start = Start {
        store: env("FAULTSCOPE_STORE"),
        lang: locale.and_then(|l| l.parse().ok()).unwrap_or_default(),
        ..Start::default()
    };
    let mut args = args.into_iter();
    let mut only_files = false;
    while let Some(arg) = args.next() {
        let text = arg.to_string_lossy().into_owned();
        let mut value =
            || args.next().map(|v| v.to_string_lossy().into_owned()).ok_or_else(|| format!("{text} needs a value"));
        match text.as_str() {
            _ if only_files || !text.starts_with('-') => start.captures.push(text),
            "--" => only_files = true,
            "--help" | "-h" => return Ok(Asked::Print(HELP.into())),
            "--version" | "-V" => return Ok(Asked::Print(format!("faultscope-gui {}", faultscope_door::VERSION))),
            "--connect" => start.connect = Some(value()?),
            "--case" => start.case = Some(value()?),
            "--store" => start.store = Some(value()?),
            "--limits" => start.limits.push(value()?),
            "--lang" => start.lang = value()?.parse().map_err(|e| format!("{e}"))?,
            "--fresh" => start.fresh = true,
            "--frames" => start.frames = Some(frames(&value()?)?),
            "--size" => start.size = Some(size(&value()?)?),
            "--theme" => start.look = value()?.parse()?,
            _ => return Err(format!("there is no option {text}")),
        }
    }
    Ok(Asked::Window(Box::new(start)))
}

fn frames(text: &str) -> Result<u32, String> {
    let parsed = text.parse().ok().filter(|n| (1..=1_000_000).contains(n));
    parsed.ok_or_else(|| format!("'{text}' is not a number of frames from 1 to 1000000"))
}

fn size(text: &str) -> Result<(u16, u16), String> {
    let parsed = text.split_once('x').and_then(|(w, h)| Some((w.parse().ok()?, h.parse().ok()?)));
    parsed
        .filter(|(w, h)| (400..=16_384).contains(w) && (300..=16_384).contains(h))
        .ok_or_else(|| format!("'{text}' is not a size of a window; write it as 1280x800"))
}

/// The path that a capture on the command line names, or the address of a simulated one.
pub(crate) fn source(name: &str) -> crate::app::Source {
    if name.starts_with("sim:") {
        crate::app::Source::Simulated(name.to_owned())
    } else {
        crate::app::Source::File(PathBuf::from(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(args: &[&str], locale: &str) -> Result<Asked, String> {
        parse(args.iter().map(OsString::from).collect(), &|name| (name == "LANG").then(|| locale.to_owned()))
    }

    #[test]
    fn options_and_captures_may_be_mixed() {
        let args = ["a.csv", "--lang", "zh-CN", "--limits", "dc-48v", "--theme", "contrast", "--", "-b.wav"];
        let Ok(Asked::Window(start)) = asked(&args, "C") else { panic!("a window was asked for") };
        assert_eq!(start.connect, None);
        assert_eq!(start.captures, ["a.csv", "-b.wav"]);
        assert_eq!((start.lang, start.look), (Lang::ZhCn, Look::Contrast));
        assert_eq!(start.limits, ["dc-48v"]);
    }

    #[test]
    fn the_locale_decides_the_language_when_no_option_does() {
        for (locale, lang) in [("zh_CN.UTF-8", Lang::ZhCn), ("en_GB.UTF-8", Lang::En), ("fr_FR", Lang::En)] {
            let Ok(Asked::Window(start)) = asked(&[], locale) else { panic!("a window was asked for") };
            assert_eq!(start.lang, lang, "{locale}");
        }
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for args in [
            &["--bogus"][..],
            &["--store"],
            &["--connect"],
            &["--case"],
            &["--lang", "xx"],
            &["--theme", "pink"],
            &["--size", "0x0"],
            &["--frames", "0"],
        ] {
            assert!(asked(args, "C").is_err(), "{args:?}");
        }
        assert!(matches!(asked(&["--version"], "C"), Ok(Asked::Print(_))));
    }
}
